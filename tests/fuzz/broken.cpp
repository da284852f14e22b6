#include <cstdio>
#include <cstdlib>

#include "fuzz/target.hpp"

namespace larder::fuzz {

void broken(const char* rule, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, rule);
    std::abort();
}

}  // namespace larder::fuzz
