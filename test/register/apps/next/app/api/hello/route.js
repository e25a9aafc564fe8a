export async function GET(request) {
  return Response.json({ url: request.nextUrl.pathname, q: request.nextUrl.searchParams.get('q') });
}
export async function POST(request) {
  return Response.json({ body: await request.text() }, { status: 201 });
}
