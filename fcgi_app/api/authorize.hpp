#pragma once

#include <span>
#include <string>

#include "access/identity.hpp"
#include "access/rights.hpp"
#include "api/operation.hpp"
#include "error.hpp"

namespace larder {

// The rights that operations ask for, and the answers where there are none (RFC 6750, section 3).
// Pure; any thread.

/// What an operation of a resource does to its records.
access::Action action_of(const Endpoint& endpoint);

/// Whether every request may call the operation, with a token or without. Such a request's token is
/// not looked at.
bool is_open(const Endpoint& endpoint, const http::Request& request);

/// Whether a client may call an operation that is not open. `roles` are those of its token; none
/// without a token.
bool may_call(const Endpoint& endpoint, std::span<const std::string> roles);

/// 401: no token was sent.
Error no_token();
/// 401: this one is not valid.
Error bad_token(access::Refusal refusal);
/// 403: the token is valid, and its roles have not the right. The same whether or not there is a
/// record.
Error no_right(const Endpoint& endpoint);

}  // namespace larder
