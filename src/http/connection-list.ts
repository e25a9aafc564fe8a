/**
 * The connections of a server, in the order in which they were made.
 *
 * Links, where a Set would do: a Set that is filled and emptied all the time makes itself a new table again and again,
 * and the tables it has left, once they are in the old part of the heap, keep the connections they held alive until
 * the next full collection. A third of all that was allocated for short connections came to be copied so.
 */

/** What a list links. */
export interface Linked<Item> {
  previousConnection: Item | null;
  nextConnection: Item | null;
}

export class ConnectionList<Item extends Linked<Item>> {
  private first: Item | null = null;
  private last: Item | null = null;
  /** How many there are. */
  size = 0;

  add(connection: Item): void {
    const { last } = this;
    connection.previousConnection = last;
    if (last === null) this.first = connection;
    else last.nextConnection = connection;
    this.last = connection;
    this.size++;
  }

  /** Takes a connection out, if it is in. What is out holds no other: see above. */
  delete(connection: Item): void {
    const { previousConnection, nextConnection } = connection;
    if (previousConnection === null && this.first !== connection) return;
    if (previousConnection === null) this.first = nextConnection;
    else previousConnection.nextConnection = nextConnection;
    if (nextConnection === null) this.last = previousConnection;
    else nextConnection.previousConnection = previousConnection;
    connection.previousConnection = null;
    connection.nextConnection = null;
    this.size--;
  }

  /** Those that are in now: what is done with one may take any out. */
  [Symbol.iterator](): Iterator<Item> {
    const all: Item[] = [];
    for (let item = this.first; item !== null; item = item.nextConnection) all.push(item);
    return all[Symbol.iterator]();
  }
}
