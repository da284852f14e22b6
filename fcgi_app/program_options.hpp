#pragma once

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <string>

namespace larder {

/// Adds the option by which an administrator tries other descriptions than the live ones. Parsing
/// it changes the environment, from which the settings are read: before any thread is started.
inline void add_resources_option(CLI::App& app) {
    app.add_option_function<std::string>(
        "--resources", [](const std::string& path) { setenv("RESOURCES_DIR", path.c_str(), 1); },
        "Read the descriptions in this directory rather than in RESOURCES_DIR");
}

}  // namespace larder
