#include "access/token_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "access/expiry.hpp"
#include "access/key_set.hpp"
#include "access/loggable_text.hpp"
#include "access/secret.hpp"
#include "access/token_changes.hpp"
#include "access/token_table.hpp"
#include "json/value.hpp"
#include "number.hpp"

namespace larder::access {

namespace {

using json::Value;

constexpr int done = 0;
constexpr int wrong = 1;
constexpr std::size_t most_roles = 64;
constexpr std::size_t longest_shown = 64;

void note(const std::string& what) { fmt::print(stderr, "larder-token: {}\n", what); }

int refuse(const std::string& why) {
    note(why);
    return wrong;
}

int refuse(const Error& error) {
    if (error.is_outcome_unknown) {
        return refuse(
            "PostgreSQL was lost while this was written, so it was done or not: see larder token"
            " list");
    }
    if (error.is_locked) return refuse("another transaction has locked larder.tokens; try again");
    return refuse(
        fmt::format("PostgreSQL: {}; check DATABASE_URL, that the server runs, and that"
                    " the migrations have run",
                    error.log.empty() ? error.detail : error.log));
}

/// Whether what was printed has arrived.
bool is_printed() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

std::int64_t seconds_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())
        .time_since_epoch()
        .count();
}

/// What was typed, in a message: never a secret.
std::string shown(std::string_view text) {
    if (text.contains(token_prefix) || text.size() > longest_shown) return "what was given";
    return fmt::format("'{}'", loggable_text(text, longest_shown));
}

std::optional<std::string> mistake_in(const CreateOptions& options) {
    if (!is_token_name(options.name)) {
        return fmt::format(
            "{} is no name of a token: use 1 to 64 of A-Z a-z 0-9 . _ @ -, and begin"
            " with a letter",
            shown(options.name));
    }
    if (options.name.contains(token_prefix)) {
        return fmt::format("a name with {} in it looks like a token", token_prefix);
    }
    if (options.roles.empty()) return "a token needs at least one role: --role NAME";
    if (options.roles.size() > most_roles) return fmt::format("over {} roles", most_roles);
    for (const std::string& role : options.roles) {
        if (is_role(role)) continue;
        return fmt::format(
            "{} is no role: use 1 to 64 of A-Z a-z 0-9 . _ : / -, and begin with a"
            " letter or a digit; anyone is for requests without a token",
            shown(role));
    }
    return std::nullopt;
}

Value text_or_null(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

std::string_view state_of(const TokenRow& token) {
    if (token.revoked) return "revoked";
    return token.is_expired ? "expired" : "valid";
}

Value::Object object_of(const TokenRow& token) {
    Value::Array roles(token.roles.begin(), token.roles.end());
    return {{"id", token.id},
            {"name", token.name},
            {"roles", std::move(roles)},
            {"state", state_of(token)},
            {"created", token.created},
            {"expires", text_or_null(token.expires)},
            {"revoked", text_or_null(token.revoked)}};
}

void print_json(const Value& value) { fmt::print("{}\n", value.text()); }

std::string expiry_of(const TokenRow& token) {
    return token.expires ? "expires " + *token.expires : "never expires";
}

/// Processes of this host follow at once, those of others by their feeds.
void note_unless_here(bool has_swapped) {
    if (has_swapped) return;
    note(
        "there is no RUN_DIR, so nothing of Larder runs on this host; tokens reach other hosts by"
        " their feeds");
}

using Line = std::array<std::string, 7>;

void print_table(const std::vector<Line>& lines) {
    std::array<std::size_t, std::tuple_size_v<Line>> widths{};
    for (const Line& line : lines) {
        for (std::size_t at = 0; at < line.size(); ++at) {
            widths[at] = std::max(widths[at], line[at].size());
        }
    }
    for (const Line& line : lines) {
        std::string text;
        for (std::size_t at = 0; at < line.size(); ++at) {
            text += fmt::format("{:<{}}  ", line[at], widths[at]);
        }
        fmt::print("{}\n", text.substr(0, text.find_last_not_of(' ') + 1));
    }
}

std::vector<std::string_view> algorithms_of(const Key& key) {
    std::vector<std::string_view> names;
    for (const auto algorithm :
         {Algorithm::rs256, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa}) {
        if (key.admits(algorithm)) names.push_back(name_of(algorithm));
    }
    return names;
}

void print_keys(const KeySet& keys) {
    for (const Key& key : keys.keys()) {
        fmt::print("{}: {} of {} bits, {}\n",
                   key.id ? loggable_text(*key.id, longest_shown) : "no kid",
                   name_of(key.key.type()), key.key.bits(), fmt::join(algorithms_of(key), " "));
    }
}

Value json_of(const KeySet& keys) {
    Value::Array all;
    for (const Key& key : keys.keys()) {
        Value::Array algorithms;
        for (const auto name : algorithms_of(key)) algorithms.emplace_back(name);
        all.emplace_back(Value::Object{{"kid", text_or_null(key.id)},
                                       {"type", name_of(key.key.type())},
                                       {"bits", key.key.bits()},
                                       {"algorithms", std::move(algorithms)}});
    }
    Value::Array left_out(keys.left_out().begin(), keys.left_out().end());
    return Value::Object{{"keys", std::move(all)}, {"left_out", std::move(left_out)}};
}

}  // namespace

int run_create(Session& session, const Generation& generation, const CreateOptions& options) {
    if (const auto mistake = mistake_in(options)) return refuse(*mistake);
    std::optional<std::int64_t> expires;
    if (options.expires) {
        const auto parsed = parse_expiry(*options.expires, seconds_now());
        if (!parsed) return refuse("--expires: " + parsed.error());
        expires = *parsed;
    }
    auto token = make_token();
    if (!token) return refuse(token.error());
    const auto created = create_token(session, generation, options.name, roles_of(options.roles),
                                      expires, hash_of(*token));
    if (!created && created.error().kind == ErrorKind::conflict) {
        return refuse(
            fmt::format("there is a token '{0}': choose another name, or revoke it first:"
                        " larder token revoke {0}",
                        options.name));
    }
    if (!created) return refuse(created.error());
    const TokenRow& row = created->token;
    if (options.is_json) {
        auto object = object_of(row);
        object.emplace_back("token", *token);
        print_json(std::move(object));
    } else {
        fmt::print("{}\n", *token);
    }
    wipe(*token);
    if (!is_printed()) {
        return refuse(
            fmt::format("the token could not be printed, so it is lost: larder token"
                        " revoke {}",
                        options.name));
    }
    note(fmt::format("'{}' ({}) has the roles {}, and {}. It is shown this once.", row.name, row.id,
                     fmt::join(row.roles, ", "), expiry_of(row)));
    note_unless_here(created->has_swapped);
    return done;
}

int run_list(Session& session, const ListOptions& options) {
    const auto tokens = list_tokens(session, options.with_revoked);
    if (!tokens) return refuse(tokens.error());
    if (options.is_json) {
        Value::Array all;
        for (const TokenRow& token : *tokens) {
            auto object = object_of(token);
            object.emplace_back("used", text_or_null(token.used));
            all.emplace_back(std::move(object));
        }
        print_json(std::move(all));
        return is_printed() ? done : wrong;
    }
    std::vector<Line> lines = {{"ID", "NAME", "STATE", "ROLES", "CREATED", "EXPIRES", "USED"}};
    for (const TokenRow& token : *tokens) {
        lines.push_back({std::to_string(token.id), token.name, std::string(state_of(token)),
                         fmt::format("{}", fmt::join(token.roles, ",")), token.created,
                         token.expires.value_or("never"), token.used.value_or("-")});
    }
    print_table(lines);
    return is_printed() ? done : wrong;
}

int run_revoke(Session& session, const Generation& generation, const RevokeOptions& options) {
    const std::string& which = options.name_or_id;
    if (which.contains(token_prefix)) {
        return refuse(
            "name the token rather than giving it: it is in your shell's history now. larder token"
            " list shows the names");
    }
    if (!is_token_name(which) && !to_number<std::int64_t>(which)) {
        return refuse(fmt::format("{} is neither a name nor a number of a token", shown(which)));
    }
    const auto revoked = revoke_token(session, generation, which);
    if (!revoked && revoked.error().kind == ErrorKind::not_found) {
        return refuse(
            fmt::format("there is no token {}; larder token list --all shows all", shown(which)));
    }
    if (!revoked) return refuse(revoked.error());
    const TokenRow& row = revoked->token;
    if (options.is_json) {
        print_json(object_of(row));
    } else {
        fmt::print("'{}' ({}) {} {}\n", row.name, row.id,
                   revoked->is_new ? "is revoked since" : "was revoked before, at",
                   row.revoked.value_or(""));
    }
    note_unless_here(revoked->has_swapped);
    return done;
}

int run_reload_keys(const Settings& settings, const Generation& generation, bool is_json) {
    if (settings.auth_jwks.empty()) return refuse("AUTH_JWKS is not set, so no JWT is taken");
    const KeyFile file = read_key_file(settings.auth_jwks);
    if (!file.keys) return refuse(file.keys.error());
    const bool has_swapped = generation.swap();
    if (!has_swapped && errno != ENOENT) {
        return refuse(fmt::format("cannot swap the generation of access in {}: {}",
                                  settings.run_dir, std::strerror(errno)));
    }
    if (is_json) {
        print_json(json_of(*file.keys));
    } else {
        print_keys(*file.keys);
    }
    for (const std::string& line : file.keys->left_out()) note("left out: " + line);
    note_unless_here(has_swapped);
    return is_printed() ? done : wrong;
}

}  // namespace larder::access
