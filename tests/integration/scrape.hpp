#pragma once

#include <map>
#include <string>

#include "support/http.hpp"

namespace larder::test {

/// The samples of `GET /metrics`, by name and labels as they stand there. A series that is not
/// there is 0. Records a failed assertion where the answer is not what the text format wants.
class Scrape {
public:
    static Scrape of(const Client& client);

    [[nodiscard]] double operator[](const std::string& series) const;
    [[nodiscard]] bool has(const std::string& series) const { return samples_.contains(series); }
    [[nodiscard]] double requests(const std::string& route, const std::string& method,
                                  int status) const;
    /// The sum of all series of a name, whatever their labels.
    [[nodiscard]] double sum(const std::string& name) const;

    [[nodiscard]] const std::map<std::string, double>& samples() const { return samples_; }

private:
    std::map<std::string, double> samples_;
};

}  // namespace larder::test
