#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "temporary_directory.hpp"

namespace larder {

/// A directory of descriptions that a test case writes.
struct DescriptionsDirectory {
    std::string path(const std::string& file) const { return directory.path() / file; }

    /// What is wrong with the descriptions, a line each; empty: nothing.
    std::string messages() const {
        const auto catalog = read_catalog(directory.path());
        if (catalog) return {};
        std::string lines;
        for (const Mistake& mistake : catalog.error()) lines += mistake.message() + '\n';
        return lines;
    }

    TemporaryDirectory directory;
};

}  // namespace larder
