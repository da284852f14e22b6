#pragma once

// toml++ 3.3 and 3.4, by its headers alone, with errors as values.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
