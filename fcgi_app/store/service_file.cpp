#include "store/service_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <cctype>
#include <map>
#include <memory>
#include <string_view>

#include "file.hpp"

namespace larder {

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
using Values = std::map<std::string, std::string>;

std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

/// All that libpq would connect with. libpq looks up a service only for a connection.
std::expected<Values, std::string> resolve(const std::string& address) {
    char* message = nullptr;
    const Options parsed(PQconninfoParse(address.c_str(), &message), &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, &PQfreemem);
    if (!parsed) return std::unexpected(message == nullptr ? "out of memory" : first_line(message));
    const Connection connection(PQconnectStart(address.c_str()), &PQfinish);
    const Options used(PQconninfo(connection.get()), &PQconninfoFree);
    if (!used) return std::unexpected("out of memory");
    Values values;
    for (const auto* option = used.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
    }
    // A valid address has both at least by default.
    if (!values.contains("user") && !values.contains("dbname")) {
        return std::unexpected(first_line(PQerrorMessage(connection.get())));
    }
    return values;
}

/// A line of a service file ends where its last character is that is no space, and libpq reads at
/// most 1,022 bytes of it.
bool fits_service_file(const std::string& key, const std::string& value) {
    constexpr std::size_t longest = 1022;
    return !value.contains('\n') && std::isspace(static_cast<unsigned char>(value.back())) == 0 &&
           key.size() + 1 + value.size() <= longest;
}

std::string escaped_for_password_file(std::string_view password) {
    std::string text;
    for (const char byte : password) {
        if (byte == '\\' || byte == ':') text += '\\';
        text += byte;
    }
    return text;
}

std::expected<void, std::string> write_file(const std::string& path, std::string_view text) {
    constexpr mode_t own = 0600;
    const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, own));
    if (!file.is_open() ||
        write(file.descriptor(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return std::unexpected(file_failure(path));
    }
    return {};
}

}  // namespace

// Migrations name public, and Sqitch reads what it has just written, in several transactions. The
// time-outs of a role are for requests: a migration may take long, and Sqitch keeps a transaction
// open meanwhile. It waits a second for a lock, because every request to the table queues up behind
// it.
const char* const migration_options =
    "-c search_path=public -c default_transaction_isolation=read\\ committed"
    " -c default_transaction_read_only=off -c default_transaction_deferrable=off"
    " -c standard_conforming_strings=on -c row_security=on"
    " -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=1s";

std::expected<void, std::string> write_service_file(const std::string& address,
                                                    const std::string& options,
                                                    const std::string& directory) {
    auto resolved = resolve(address);
    if (!resolved) return std::unexpected(fmt::format("DATABASE_URL: {}", resolved.error()));
    Values& values = *resolved;
    values["options"] += (values["options"].empty() ? "" : " ") + options;
    values["client_encoding"] = "UTF8";
    if (const auto password = values.extract("password")) {
        if (password.mapped().find_first_of("\r\n") != std::string::npos) {
            return std::unexpected(
                "DATABASE_URL: a password with a line break cannot be handed on");
        }
        values["passfile"] = directory + "/password";
        const auto line = fmt::format("*:*:*:*:{}\n", escaped_for_password_file(password.mapped()));
        if (auto written = write_file(values["passfile"], line); !written) return written;
    }
    std::string text = "[larder]\n";
    for (const auto& [key, value] : values) {
        if (!fits_service_file(key, value)) {
            return std::unexpected(fmt::format(
                "DATABASE_URL: {} has a line break, ends in a space, or is too long", key));
        }
        text += fmt::format("{}={}\n", key, value);
    }
    return write_file(directory + "/service", text);
}

}  // namespace larder
