#ifndef CTOML_H
#define CTOML_H

#include <stddef.h>
#include <stdint.h>

// toml++ behind a C interface: a buffer in, a flat list of nodes with their places out. No exception
// leaves it, nothing is printed, and no memory is kept but that of the document.
//
// Units: lines count from 1, columns from 1 in characters.

#ifdef __cplusplus
extern "C" {
#endif

/// What a node is.
typedef enum {
  CTOML_TEXT,
  CTOML_NUMBER,
  CTOML_FLAG,
  /// A fraction, an infinity or no number at all.
  CTOML_REAL,
  /// A date, a time, or both.
  CTOML_TIME,
  CTOML_LIST,
  CTOML_TABLE,
} ctoml_kind;

/// Where something begins.
typedef struct {
  uint32_t line;
  uint32_t column;
} ctoml_place;

/// Bytes in UTF-8 that belong to the document; none ends them.
typedef struct {
  const char *bytes;
  size_t length;
} ctoml_text;

/// A value. The values inside a list or a table follow it, each with all that is inside it.
typedef struct {
  ctoml_kind kind;
  ctoml_place place;
  /// Of a value in a table; empty otherwise.
  ctoml_text key;
  ctoml_place key_place;
  /// Of CTOML_TEXT.
  ctoml_text text;
  /// Of CTOML_NUMBER; 0 or 1 of CTOML_FLAG.
  int64_t number;
  /// Values directly inside a list or a table.
  size_t child_count;
} ctoml_node;

/// Why a text is not TOML.
typedef struct {
  ctoml_place place;
  /// In English, ended by a zero byte.
  char cause[256];
} ctoml_error;

/// A parsed text.
typedef struct ctoml_document ctoml_document;

/// Parses UTF-8 text.
///
/// A line of more than CTOML_MAXIMUM_DOTS dots, unless it is a comment, is refused: each dot may nest
/// one table more, and tables are freed recursively.
///
/// Returns the document, which ctoml_free frees; NULL after filling `error` if the text is not TOML.
ctoml_document *ctoml_parse(const char *bytes, size_t length, ctoml_error *error);

enum { CTOML_MAXIMUM_DOTS = 128, CTOML_MAXIMUM_NESTING = 64 };

/// The nodes, the table of the whole text first; valid until ctoml_free.
const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count);

/// Frees a document; NULL is none.
void ctoml_free(ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif
