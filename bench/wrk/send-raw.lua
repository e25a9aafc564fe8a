-- Sends the bytes of files, as they are, on every connection: wrk counts the requests in them.
-- wrk -s send-raw.lua URL -- FILE...

local texts = {}

function init(args)
  for index = 1, #args do
    local file = assert(io.open(args[index], 'rb'))
    texts[index] = file:read('*a')
    file:close()
  end
  -- wrk calls this once, for a request that is always the same.
  wrk.format = function() return texts[1] end
  if #texts > 1 then
    -- And this for each request: one file after the other.
    local turn = 0
    request = function()
      turn = turn % #texts + 1
      return texts[turn]
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'result {"requests":%d,"microseconds":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}',
    summary.requests, summary.duration,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
