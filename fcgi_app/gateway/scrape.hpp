#pragma once

#include "http/response.hpp"
#include "records/larder.hpp"

namespace larder {

/// The answer to `GET /metrics`: what all processes of the host have counted, and how things are.
/// Quick, and without PostgreSQL or Redis. Any thread.
http::Response answer_scrape(const Larder& larder);

}  // namespace larder
