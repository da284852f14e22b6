#pragma once

#include <string>

#include "fixture.hpp"

namespace larder::test {

/// Whether /health says that the feed follows PostgreSQL's log.
inline bool feed_follows(const Client& client = api()) {
    return Json::parse(client.get("/health").body)["feed"].text() == "connected";
}

/// Whether the answer to a path comes to hold `text`: within milliseconds, but not where a
/// sanitized feed has 200,000 changes to look at. Cached lists would expire after 300 s.
inline bool comes_to_show(const std::string& path, const std::string& text,
                          const Client& client = api()) {
    return eventually([&] { return client.get(path).body.contains(text); },
                      std::chrono::seconds(180));
}

/// Reads until the answer comes out of a cache.
inline bool gets_cached(const std::string& path, const Client& client = api()) {
    return eventually([&] { return client.get(path).header("X-Cache") == "HIT"; });
}

}  // namespace larder::test
