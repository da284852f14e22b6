#pragma once

#include <map>
#include <string>
#include <vector>

namespace larder::test {

using Environment = std::map<std::string, std::string>;

/// How a program ended: its exit status (128 + signal if one ended it, 127 if it could not be
/// started) and what it wrote to its standard output and error, in the order it was written.
struct Finished {
    int status = 127;
    std::string output;
};

/// Runs a program to its end; servers that it leaves behind do not delay the return. Of the
/// caller's environment it sees only what finding programs and files takes (PATH, HOME and the
/// like), so that no setting of the caller, a DATABASE_URL say, leads a test to somebody's data.
Finished run(const std::vector<std::string>& arguments, const Environment& environment = {});

/// The lines of what a program has written.
std::vector<std::string> lines_in(const std::string& text);

}  // namespace larder::test
