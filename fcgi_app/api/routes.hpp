#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/operation.hpp"
#include "error.hpp"
#include "http/request.hpp"
#include "http/target.hpp"

namespace larder {

/// The paths of the interface, made from the endpoints of the operations, which must outlive it.
/// Immutable; any thread.
class Routes {
public:
    explicit Routes(const Operations& operations);

    /// A path with its methods. Its number is that of the answers' metrics; 0 stands for every path
    /// where there is nothing.
    struct Path {
        std::size_t number = 0;
        std::string pattern = "unknown";  ///< as documentation writes it: `/employees/{id}`
        std::vector<const Operation*> operations = {};  ///< in the order of Allow
    };

    /// Where a target leads to, whatever the method.
    const Path& path_of(const http::Target& target) const;

    /// The path of a pattern that an operation has.
    const Path& path_at(const std::string& pattern) const;

    /// The argument of the path in its canonical form. Fails with `not_found` where it cannot be
    /// one.
    static Expected<std::string> argument_of(const Path& path, const http::Target& target);

    /// The operation for a method. Fails with `method_not_allowed`, which carries Allow.
    static Expected<const Operation*> operation_of(const Path& path, http::Method method);

    /// The methods of a path, as Allow names them (RFC 9110, section 10.2.1).
    static std::string allowed(const Path& path);

    /// All patterns by number, the first that of no path.
    std::vector<std::string> patterns() const;

private:
    struct Node {
        Path path;                                         // without a second segment
        std::map<std::string, Path, std::less<>> further;  // by the second segment
        Path with_argument;                                // the second segment is an argument
    };

    Path& place_of(const std::string& pattern);

    Path nothing_;
    std::map<std::string, Node, std::less<>> nodes_;  // by the first segment; "" is the root
    std::size_t count_ = 1;
};

}  // namespace larder
