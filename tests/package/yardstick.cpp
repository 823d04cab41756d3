// How fast the compiler is at this moment: headers of the standard library and code of the same kinds as QRS has (containers,
// texts, algorithms, loops on numbers), nothing of QRS. budget.sh builds it beside budget.cpp.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

template <class T, int Taps>
void filter(const std::vector<T>& x, const std::vector<T>& taps, std::vector<T>& y) {
  for (std::size_t i = 0; i + Taps <= x.size(); ++i) {
    T sum{};
    for (int tap = 0; tap < Taps; ++tap) {
      sum += x[i + static_cast<std::size_t>(tap)] * taps[static_cast<std::size_t>(tap)];
    }
    y[i] = std::max(sum, T{});
  }
}

template <class T>
T filtered(int n) {
  std::vector<T> x(static_cast<std::size_t>(n), T{1});
  std::vector<T> y(x.size());
  filter<T, 3>(x, x, y);
  filter<T, 5>(y, x, x);
  filter<T, 7>(x, x, y);
  filter<T, 9>(y, x, x);
  std::sort(x.begin(), x.end());
  std::stable_sort(y.begin(), y.end(), std::greater<T>());
  return x.back() + y.back();
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::vector<std::string>> words;
  const std::regex word("([a-z]+)=([0-9]+)", std::regex::icase);
  for (int i = 0; i < argc; ++i) {
    std::smatch match;
    const std::string text = argv[i];
    if (std::regex_search(text, match, word)) {
      words[match[1]].push_back(match[2]);
    }
  }
  std::ostringstream out;
  for (const auto& [name, values] : words) {
    out << name << ' ' << values.size() << '\n';
  }
  const std::shared_ptr<std::function<double(int)>> twice =
      std::make_shared<std::function<double(int)>>([](int n) { return filtered<float>(n) + filtered<double>(n); });
  std::cout << out.str() << (*twice)(argc + 16) << '\n';
  return 0;
}
