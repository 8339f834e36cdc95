// All that the library may ask of whoever links it: what compilers demand of every freestanding
// program.
#include <cstddef>

extern "C" {

void* memset(void* to, int value, std::size_t bytes) {
  auto* at = static_cast<volatile unsigned char*>(to);
  for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<unsigned char>(value);
  return to;
}

void* memcpy(void* to, const void* from, std::size_t bytes) {
  auto* at = static_cast<volatile unsigned char*>(to);
  for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<const unsigned char*>(from)[i];
  return to;
}

void* memmove(void* to, const void* from, std::size_t bytes) {
  if (to <= from) return memcpy(to, from, bytes);
  auto* at = static_cast<volatile unsigned char*>(to);
  for (std::size_t i = bytes; i > 0; --i)
    at[i - 1] = static_cast<const unsigned char*>(from)[i - 1];
  return to;
}

int memcmp(const void* a, const void* b, std::size_t bytes) {
  const auto* x = static_cast<const volatile unsigned char*>(a);
  const auto* y = static_cast<const volatile unsigned char*>(b);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  }
  return 0;
}
}
