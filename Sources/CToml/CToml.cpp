// The parser asserts what it should report, such as a value after '['. In every build that is an
// exception: it may not end the program, nor be assumed.
#undef NDEBUG
#include <stdexcept>
#define TOML_ASSERT(expression) \
  do { \
    if (!(expression)) throw std::logic_error(#expression); \
  } while (false)
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

#include "CToml.h"

#include <cstdio>
#include <string_view>
#include <vector>

static_assert(TOML_MAX_NESTED_VALUES == CTOML_MAXIMUM_NESTING, "the header says the same");

struct ctoml_document {
  // The nodes' texts lie in here.
  toml::table root;
  std::vector<ctoml_node> nodes;
};

namespace {

ctoml_place place(const toml::source_position &position) {
  return {position.line, position.column};
}

ctoml_text text(std::string_view view) { return {view.data(), view.size()}; }

void append(std::vector<ctoml_node> &nodes, const toml::node &value, const toml::key *key) {
  ctoml_node node{};
  node.place = place(value.source().begin);
  if (key != nullptr) {
    node.key = text(key->str());
    node.key_place = place(key->source().begin);
  }
  const toml::array *list = value.as_array();
  const toml::table *table = value.as_table();
  if (list != nullptr) {
    node.kind = CTOML_LIST;
    node.child_count = list->size();
  } else if (table != nullptr) {
    node.kind = CTOML_TABLE;
    node.child_count = table->size();
  } else if (const auto *string = value.as_string()) {
    node.kind = CTOML_TEXT;
    node.text = text(string->get());
  } else if (const auto *number = value.as_integer()) {
    node.kind = CTOML_NUMBER;
    node.number = number->get();
  } else if (const auto *flag = value.as_boolean()) {
    node.kind = CTOML_FLAG;
    node.number = flag->get() ? 1 : 0;
  } else {
    node.kind = value.is_floating_point() ? CTOML_REAL : CTOML_TIME;
  }
  nodes.push_back(node);
  if (list != nullptr) {
    for (const toml::node &inner : *list) append(nodes, inner, nullptr);
  } else if (table != nullptr) {
    for (auto &&[name, inner] : *table) append(nodes, inner, &name);
  }
}

/// Refuses lines of too many dots, which may be the parts of a name.
void require_shallow(std::string_view text) {
  toml::source_index line = 1;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    const size_t first = content.find_first_not_of(" \t");
    const bool is_comment = first != std::string_view::npos && content[first] == '#';
    int dots = 0;
    for (size_t at = 0; !is_comment && at < content.size(); at++) {
      if (content[at] != '.' || ++dots <= CTOML_MAXIMUM_DOTS) continue;
      const toml::source_position position{line, static_cast<toml::source_index>(at + 1)};
      throw toml::parse_error("Too many dots in one line", position, nullptr);
    }
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
    line++;
  }
}

/// Where the parser meets what it does not expect: the end of the shortest text that it gives up on.
ctoml_place place_of_surprise(std::string_view text) {
  size_t known = 0, surprising = text.size();
  while (surprising - known > 1) {
    const size_t middle = known + (surprising - known) / 2;
    try {
      (void)toml::parse(text.substr(0, middle));
      known = middle;
    } catch (const toml::parse_error &) {
      known = middle;
    } catch (const std::logic_error &) {
      surprising = middle;
    }
  }
  ctoml_place at{1, 1};
  for (const char byte : text.substr(0, surprising - 1)) {
    if (byte == '\n') at = {at.line + 1, 1};
    // Bytes that continue a character have no column of their own.
    else if ((byte & 0xC0) != 0x80) at.column++;
  }
  return at;
}

void explain(ctoml_error *error, const char *cause, ctoml_place at) {
  error->place = at;
  std::snprintf(error->cause, sizeof error->cause, "%s", cause);
}

}  // namespace

ctoml_document *ctoml_parse(const char *bytes, size_t length, ctoml_error *error) {
  const std::string_view content(bytes, length);
  try {
    require_shallow(content);
    auto document = std::make_unique<ctoml_document>();
    document->root = toml::parse(content);
    append(document->nodes, document->root, nullptr);
    return document.release();
  } catch (const toml::parse_error &refusal) {
    explain(error, refusal.what(), place(refusal.source().begin));
  } catch (const std::logic_error &) {
    try {
      explain(error, "Neither a value nor a name can begin here", place_of_surprise(content));
    } catch (...) {
      explain(error, "Not enough memory", {1, 1});
    }
  } catch (...) {
    explain(error, "Not enough memory", {1, 1});
  }
  return nullptr;
}

const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count) {
  *count = document->nodes.size();
  return document->nodes.data();
}

void ctoml_free(ctoml_document *document) { delete document; }
