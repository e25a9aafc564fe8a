import { Suspense } from 'react';

export const dynamic = 'force-dynamic';

async function Price() {
  await new Promise((resolve) => setImmediate(resolve));
  return <b>12</b>;
}

export default async function Page({ params }) {
  const { id } = await params;
  return (
    <p>
      Item {id}: <Suspense fallback="...">{<Price />}</Suspense>
    </p>
  );
}
