#include "lang/herd/context.hpp"

#include <algorithm>
#include <array>

#include "amalgam/arch/memory_attributes.hpp"
#include "lang/herd/layout.hpp"

namespace amalgam::lang::herd {

namespace {

struct TypeName {
  std::string_view text;
  Type type;
};

constexpr std::array kTypes = std::to_array<TypeName>({
    {"int", {4, false}},
    {"int32_t", {4, false}},
    {"uint32_t", {4, true}},
    {"int64_t", {8, false}},
    {"uint64_t", {8, true}},
    {"long", {8, false}},
    {"pteval_t", {8, true, false, PrintAs::kDescriptor}},
    {"parel1_t", {8, true, false, PrintAs::kPar}},
});

}  // namespace

std::optional<Type> find_type(std::string_view name) {
  const auto* row = std::ranges::find(kTypes, name, &TypeName::text);
  if (row == kTypes.end()) return std::nullopt;
  return row->type;
}

Symbol Context::symbol(std::string_view name, const Location& place) {
  const auto [entry, is_new] = indices_.try_emplace(std::string(name), test_->symbols.size());
  if (!is_new) return test_->symbols[entry->second];
  const std::size_t number = test_->symbols.size() + 1;
  if (number > kMaxNames) {
    indices_.erase(entry);
    diagnostics_->error(place, "a test of more than " + std::to_string(kMaxNames) + " names");
    return {};
  }
  test_->symbols.push_back(
      {.name = std::string(name),
       .va = page_address(number),
       .pa = test_->vmsa ? physical_page_address(number) : page_address(number),
       .descriptor = descriptor_address(number)});
  return test_->symbols.back();
}

std::optional<unsigned> Context::attribute_index(std::uint8_t mair_byte) {
  std::uint64_t& mair = test_->translation.mair;
  for (unsigned i = 0; i < memory_kinds_; ++i) {
    if (arch::mair_byte(mair, i) == mair_byte) return i;
  }
  if (memory_kinds_ == 8) return std::nullopt;
  mair |= std::uint64_t{mair_byte} << (8 * memory_kinds_);
  return memory_kinds_++;
}

Type Context::type_of(const std::string& key) const {
  const auto found = types_.find(key);
  return found == types_.end() ? Type{} : found->second;
}

}  // namespace amalgam::lang::herd
