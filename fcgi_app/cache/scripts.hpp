#pragma once

#include <string_view>

/// The cache protocol inside Redis: four scripts, each atomic, on two keys per entry (the value and
/// the lease) and on the live copy of the epoch. ARCHITECTURE.md, "Records", says why they suffice.
/// Each answers the live epoch first; unless it is the caller's, nothing was done.
namespace larder::scripts {

/// KEYS live (value lease)…; ARGV epoch token lease_ms.
/// After the live epoch two elements for each entry: {value, 0}: a hit; {nil, 1}: a miss, and
/// `token` is now the lease; {nil, 0}: a miss, and the entry has a lease already.
inline constexpr std::string_view get = R"(
local live = redis.call('GET', KEYS[1]) or '0'
if live ~= ARGV[1] then return {live} end
local answer = {live}
for i = 2, #KEYS, 2 do
    local value = redis.call('GET', KEYS[i])
    local granted = not value and redis.pcall('SET', KEYS[i + 1], ARGV[2], 'NX', 'PX', ARGV[3])
    answer[i] = value
    answer[i + 1] = granted and not granted.err and 1 or 0
end
return answer
)";

/// KEYS live (value lease)…; ARGV epoch token lease_ms.
/// Deletes the values and the leases. `token`, unless it is empty, becomes the lease of each entry.
/// At maxmemory the SET can fail, but the DEL works, and the protocol needs only that.
inline constexpr std::string_view fence = R"(
local live = redis.call('GET', KEYS[1]) or '0'
if live ~= ARGV[1] then return {live} end
redis.call('DEL', unpack(KEYS, 2))
if ARGV[2] ~= '' then
    for i = 3, #KEYS, 2 do redis.pcall('SET', KEYS[i], ARGV[2], 'PX', ARGV[3]) end
end
return {live}
)";

/// KEYS live (value lease)…; ARGV epoch token ttl_ms value….
/// For each entry whose lease is still `token`: deletes the lease and stores the value (ttl 0: no
/// expiry). An empty value only gives the lease back; no real value is empty. Answers {live, number
/// of values that were not stored}.
inline constexpr std::string_view fill = R"(
local live = redis.call('GET', KEYS[1]) or '0'
local rejected = 0
for i = 2, #KEYS, 2 do
    local value = ARGV[3 + i / 2]
    if live == ARGV[1] and redis.call('GET', KEYS[i + 1]) == ARGV[2] then
        redis.call('DEL', KEYS[i + 1])
        if value ~= '' and ARGV[3] == '0' then redis.pcall('SET', KEYS[i], value)
        elseif value ~= '' then redis.pcall('SET', KEYS[i], value, 'PX', ARGV[3]) end
    elseif value ~= '' then
        rejected = rejected + 1
    end
end
return {live, rejected}
)";

/// KEYS live; ARGV epoch. Raises the live epoch, never lowers it; answers what it is now.
inline constexpr std::string_view raise = R"(
local live = tonumber(redis.call('GET', KEYS[1]) or '0')
if live < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[1])
    return {ARGV[1]}
end
return {tostring(live)}
)";

}  // namespace larder::scripts
