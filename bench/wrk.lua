-- Sends the requests of a prepared list, one after the other, and writes the figures as one line of JSON.
local list = dofile(os.getenv("BENCH_HITS"))
local ready = {}
local at = 0
-- The number in place of the first `#########`; it rises with each request.
local from = tonumber(os.getenv("BENCH_FROM"))
local again = false

function init()
  for i, hit in ipairs(list) do
    ready[i] = wrk.format(hit.method, hit.path, hit.headers, hit.body)
  end
end

function request()
  at = at % #ready + 1
  if not from then return ready[at] end
  -- One in ten is the one before it once more.
  if from % 10 ~= 9 or again then from, again = from + 1, false else again = true end
  return (ready[at]:gsub("#########", string.format("%d", from)))
end

-- Milliseconds that a connection waits after an answer.
local rest = tonumber(os.getenv("BENCH_REST"))
if rest then function delay() return rest end end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nBENCH{"requests":%d,"us":%d,"p50":%d,"p90":%d,"p99":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(90), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
