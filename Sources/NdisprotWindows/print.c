/* printf as that C library has it: l is 32 bits, I64 is 64, %ws and %S are UTF-16, a pointer is sixteen digits. */
#define NDISPROT_WIN32_NO_PRINTF
#include "ndisprot-win32.h"

/* UTF-16 as UTF-8, for as many units as `limit`, or all if it is negative. */
static char *utf8_of(const WCHAR *text, int limit) {
  size_t length = 0, at = 0;
  while (text[length] && (limit < 0 || length < (size_t)limit)) length++;
  char *out = malloc(length * 3 + 1);
  for (size_t i = 0; out && i < length; i++) {
    uint32_t c = text[i];
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < length && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000)
      c = 0x10000 + ((c - 0xD800) << 10) + (uint32_t)(text[++i] - 0xDC00);
    else if (c >= 0xD800 && c < 0xE000)
      c = 0xFFFD; /* half a pair */
    if (c < 0x80) {
      out[at++] = (char)c;
    } else if (c < 0x800) {
      out[at++] = (char)(0xC0 | c >> 6);
      out[at++] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
      out[at++] = (char)(0xE0 | c >> 12);
      out[at++] = (char)(0x80 | (c >> 6 & 63));
      out[at++] = (char)(0x80 | (c & 63));
    } else {
      out[at++] = (char)(0xF0 | c >> 18);
      out[at++] = (char)(0x80 | (c >> 12 & 63));
      out[at++] = (char)(0x80 | (c >> 6 & 63));
      out[at++] = (char)(0x80 | (c & 63));
    }
  }
  if (out) out[at] = 0;
  return out;
}

/* One conversion, from its flags on: what it says, as far as this C library would understand it otherwise. */
struct conversion {
  char flags[8];
  int width, precision; /* -1: none */
  int is_64, is_wide;
  char letter;
};

static const char *parse(const char *at, struct conversion *found, va_list *list) {
  size_t flags = 0;
  *found = (struct conversion){.width = -1, .precision = -1};
  for (; *at && strchr("-+ #0", *at); at++)
    if (flags < sizeof found->flags - 1) found->flags[flags++] = *at;
  if (*at == '*') {
    found->width = va_arg(*list, int), at++;
    if (found->width < 0) {
      found->width = found->width == INT32_MIN ? INT32_MAX : -found->width;
      if (flags < sizeof found->flags - 1) found->flags[flags++] = '-';
    }
  } else if (*at >= '0' && *at <= '9') {
    found->width = (int)strtol(at, (char **)&at, 10);
  }
  if (*at == '.') {
    at++;
    if (*at == '*') found->precision = va_arg(*list, int), at++;
    else found->precision = (int)strtol(at, (char **)&at, 10);
  }
  for (;; at++) {
    if (at[0] == 'I' && at[1] == '6' && at[2] == '4') found->is_64 = 1, at += 2;
    else if (at[0] == 'I' && at[1] == '3' && at[2] == '2') at += 2;
    else if (*at == 'l' && at[1] == 'l') found->is_64 = 1, at++;
    else if (*at == 'I' || *at == 'z' || *at == 't' || *at == 'j') found->is_64 = 1;
    else if (*at == 'l' || *at == 'w') found->is_wide = 1;
    else if (*at != 'h' && *at != 'L') break;
  }
  found->letter = *at;
  return *at ? at + 1 : at;
}

/* Prints with the width and precision of a conversion, which either of them may lack. */
#define EMIT(suffix, ...)                                                                                   \
  do {                                                                                                      \
    char form[32];                                                                                          \
    snprintf(form, sizeof form, "%%%s%s%s%s", c.flags, c.width >= 0 ? "*" : "", c.precision >= 0 ? ".*" : "", \
             suffix);                                                                                       \
    written += c.width >= 0 ? c.precision >= 0 ? fprintf(file, form, c.width, c.precision, __VA_ARGS__)     \
                                               : fprintf(file, form, c.width, __VA_ARGS__)                  \
               : c.precision >= 0 ? fprintf(file, form, c.precision, __VA_ARGS__)                           \
                                  : fprintf(file, form, __VA_ARGS__);                                       \
  } while (0)

static int print(FILE *file, const char *format, va_list arguments) {
  int written = 0;
  va_list list;
  va_copy(list, arguments);
  for (const char *at = format; *at;) {
    if (*at != '%') {
      size_t run = strcspn(at, "%");
      written += (int)fwrite(at, 1, run, file);
      at += run;
      continue;
    }
    struct conversion c;
    at = parse(at + 1, &c, &list);
    char suffix[8];
    switch (c.letter) {
      case '%':
        fputc('%', file), written++;
        break;
      case 'd':
      case 'i':
      case 'u':
      case 'x':
      case 'X':
      case 'o':
        snprintf(suffix, sizeof suffix, "%s%c", c.is_64 ? "ll" : "", c.letter);
        if (c.is_64) EMIT(suffix, va_arg(list, long long));
        else EMIT(suffix, va_arg(list, int));
        break;
      case 'e':
      case 'E':
      case 'f':
      case 'g':
      case 'G':
        snprintf(suffix, sizeof suffix, "%c", c.letter);
        EMIT(suffix, va_arg(list, double));
        break;
      case 'c':
        c.precision = -1;
        EMIT("c", va_arg(list, int));
        break;
      case 'p':
        written += fprintf(file, "%016lX", (unsigned long)(uintptr_t)va_arg(list, void *));
        break;
      case 'S':
      case 's': {
        void *text = va_arg(list, void *);
        if (text && (c.is_wide || c.letter == 'S')) {
          char *narrow = utf8_of(text, c.precision);
          c.precision = -1;
          EMIT("s", narrow ? narrow : "");
          free(narrow);
        } else {
          EMIT("s", text ? (const char *)text : "(null)");
        }
        break;
      }
      case 0: break;
      default: fputc(c.letter, file), written++;
    }
  }
  va_end(list);
  return written;
}

/* Into memory; as much as fits, with a NUL, and how much it would have been. */
static int print_to(char *to, size_t size, const char *format, va_list list) {
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  if (!file) return -1;
  print(file, format, list);
  if (fclose(file) != 0) return -1;
  if (size > 0) {
    size_t count = length < size ? length : size - 1;
    memcpy(to, text, count);
    to[count] = 0;
  }
  free(text);
  return (int)length;
}

int ndisprot_vprintf(const char *format, va_list list) { return print(stdout, format, list); }

int ndisprot_printf(const char *format, ...) {
  va_list list;
  va_start(list, format);
  int count = print(stdout, format, list);
  va_end(list);
  return count;
}

int ndisprot_fprintf(FILE *file, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int count = print(file, format, list);
  va_end(list);
  return count;
}

int ndisprot_sprintf(char *to, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int count = print_to(to, SIZE_MAX, format, list);
  va_end(list);
  return count;
}

int ndisprot_snprintf(char *to, size_t size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int count = print_to(to, size, format, list);
  va_end(list);
  return count;
}
