-- Sends the bytes of one file, as they are, on every connection: wrk counts the requests in it.
-- wrk -s send-raw.lua URL -- FILE

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  local bytes = file:read('*a')
  file:close()
  -- wrk calls this once, for a request that is always the same.
  wrk.format = function() return bytes end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'result {"requests":%d,"microseconds":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}',
    summary.requests, summary.duration,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
