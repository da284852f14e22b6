#include "store/connect_timeout.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <string_view>

#include "number.hpp"

namespace larder {

std::string with_connect_timeout(const std::string& url) {
    constexpr int longest = 2;
    char* message = nullptr;
    PQconninfoOption* const options = PQconninfoParse(url.c_str(), &message);
    PQfreemem(message);
    if (options == nullptr) return url;  // libpq then says what is wrong with it
    std::string bounded;
    int timeout = 0;
    for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        const char* const set = option->val;
        if (keyword == "connect_timeout") {
            const char* const value = set != nullptr ? set : std::getenv("PGCONNECT_TIMEOUT");
            timeout = value == nullptr ? 0 : to_number<int>(value).value_or(0);
        } else if (set != nullptr) {
            bounded += fmt::format("{}='", keyword);
            for (const char c : std::string_view(set)) {
                if (c == '\\' || c == '\'') bounded += '\\';
                bounded += c;
            }
            bounded += "' ";
        }
    }
    PQconninfoFree(options);
    const bool is_short = timeout > 0 && timeout < longest;
    return fmt::format("{}connect_timeout={}", bounded, is_short ? timeout : longest);
}

}  // namespace larder
