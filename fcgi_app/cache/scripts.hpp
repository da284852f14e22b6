#pragma once

#include <string_view>

/// The cache protocol inside Redis: four scripts, each atomic, on two keys per entry (the value and
/// the lease) and on the live copy of the epoch. ARCHITECTURE.md, "Records", says why they suffice.
/// Each answers the live epoch first; unless it is the caller's, nothing was done.
namespace larder::scripts {

/// KEYS live value lease; ARGV epoch token lease_ms.
/// {live, value}: a hit. {live, nil, 1}: a miss, and `token` is now the lease. {live}: a miss while
/// somebody else holds the lease.
inline constexpr std::string_view get = R"(
local live = redis.call('GET', KEYS[1]) or '0'
if live ~= ARGV[1] then return {live} end
local value = redis.call('GET', KEYS[2])
if value then return {live, value} end
local granted = redis.pcall('SET', KEYS[3], ARGV[2], 'NX', 'PX', ARGV[3])
if granted and not granted.err then return {live, false, 1} end
return {live}
)";

/// KEYS live (value lease)…; ARGV epoch token lease_ms.
/// Deletes the values and takes the leases away from whoever holds them; `token`, unless it is
/// empty, becomes the lease of each. Under maxmemory the DEL still works, and that is what counts.
inline constexpr std::string_view fence = R"(
local live = redis.call('GET', KEYS[1]) or '0'
if live ~= ARGV[1] then return {live} end
redis.call('DEL', unpack(KEYS, 2))
if ARGV[2] ~= '' then
    for i = 3, #KEYS, 2 do redis.pcall('SET', KEYS[i], ARGV[2], 'PX', ARGV[3]) end
end
return {live}
)";

/// KEYS live value lease; ARGV epoch token ttl_ms [value].
/// Uses the lease up if it is still `token`: stores the value (ttl 0: no expiry), if one is given.
inline constexpr std::string_view fill = R"(
local live = redis.call('GET', KEYS[1]) or '0'
if live ~= ARGV[1] or redis.call('GET', KEYS[3]) ~= ARGV[2] then return {live} end
redis.call('DEL', KEYS[3])
if ARGV[4] and ARGV[3] == '0' then redis.pcall('SET', KEYS[2], ARGV[4])
elseif ARGV[4] then redis.pcall('SET', KEYS[2], ARGV[4], 'PX', ARGV[3]) end
return {live}
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
