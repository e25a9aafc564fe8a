const patience = 10_000;

/** `promise`, or an error that says what did not happen: no wait of the suite is without end. */
export async function bounded<T>(what: string, promise: Promise<T>, detail = () => ''): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`never happened: ${what}${detail()}`)), patience);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
