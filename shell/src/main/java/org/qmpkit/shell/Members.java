package org.qmpkit.shell;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Schema.AlternateType;
import org.qmpkit.client.Schema.ArrayType;
import org.qmpkit.client.Schema.BuiltinType;
import org.qmpkit.client.Schema.Command;
import org.qmpkit.client.Schema.EnumType;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;
import org.qmpkit.client.Schema.Variant;

/**
 * What an object of QEMU's schema can have, by what it has already: of a union, what the value of
 * its tag adds. Places are named by paths, as {@code file.driver} or {@code actions.0.data}.
 *
 * @param schema of the very QEMU
 * @param given what is there already, by path
 */
record Members(Schema schema, Map<String, String> given) {
  /** How deep types are described: a schema may go round in circles. */
  private static final int DEPTH = 4;

  /**
   * The members of the object at a place, those included that the value of its tag adds.
   *
   * @param prefix the place's path with a dot behind it; empty for {@code root} itself
   * @return null if there is no object
   */
  @Nullable Map<String, Member> at(ObjectType root, String prefix) {
    ObjectType place = root;
    int start = 0;
    for (int dot = prefix.indexOf('.'); dot >= 0; dot = prefix.indexOf('.', start)) {
      Member member = in(place, prefix.substring(0, start)).get(prefix.substring(start, dot));
      if (member == null) {
        return null;
      }
      Schema.Type type = schema.type(member.type());
      start = dot + 1;
      while (type instanceof ArrayType array) {
        int end = prefix.indexOf('.', start);
        if (end < 0 || !isIndex(prefix.substring(start, end))) {
          return null;
        }
        type = schema.type(array.element());
        start = end + 1;
      }
      ObjectType inner = object(type);
      if (inner == null) {
        return null;
      }
      place = inner;
    }
    return in(place, prefix);
  }

  /**
   * The member at a path; of a list's element, the list's. Null if there is none.
   *
   * @param path without a dot at its end
   */
  @Nullable Member member(ObjectType root, String path) {
    String rest = path;
    while (true) {
      int dot = rest.lastIndexOf('.');
      String name = rest.substring(dot + 1);
      if (dot < 0 || !isIndex(name)) {
        Map<String, Member> members = at(root, rest.substring(0, dot + 1));
        return members == null ? null : members.get(name);
      }
      rest = rest.substring(0, dot);
    }
  }

  private static boolean isIndex(String text) {
    return !text.isEmpty() && text.chars().allMatch(each -> each >= '0' && each <= '9');
  }

  /** The members of an object whose place has this path, with a dot behind it. */
  Map<String, Member> in(ObjectType type, String prefix) {
    Map<String, Member> members = new LinkedHashMap<>();
    Set<String> seen = new HashSet<>();
    ObjectType from = type;
    while (from != null && seen.add(from.name())) {
      from.members().forEach(each -> members.putIfAbsent(each.name(), each));
      String tag = from.tag();
      String chosen = tag == null ? null : given.get(prefix + tag);
      ObjectType next = null;
      for (Variant each : from.variants()) {
        if (each.value().equals(chosen)) {
          next = schema.object(each.type());
        }
      }
      from = next;
    }
    return members;
  }

  /** The object a type is, by itself or among others; null if it is none. */
  @Nullable ObjectType object(Schema.Type type) {
    return switch (type) {
      case ObjectType object -> object;
      case AlternateType alternate -> {
        for (String each : alternate.types()) {
          if (schema.type(each) instanceof ObjectType object) {
            yield object;
          }
        }
        yield null;
      }
      case BuiltinType _, EnumType _, ArrayType _ -> null;
    };
  }

  /** The type of a member; of a list that is what its elements are. */
  Schema.Type element(Member member) {
    Schema.Type type = schema.type(member.type());
    for (int depth = 0; type instanceof ArrayType array && depth < DEPTH; depth++) {
      type = schema.type(array.element());
    }
    return type;
  }

  /** The values of a type that are known by name: of an enumeration, and of a boolean. */
  List<String> values(Schema.Type type) {
    return values(type, DEPTH);
  }

  private List<String> values(Schema.Type type, int depth) {
    if (depth == 0) {
      return List.of();
    }
    return switch (type) {
      case EnumType values -> values.values().stream().map(Schema.EnumValue::name).toList();
      case BuiltinType builtin ->
          builtin.json().equals("boolean") ? List.of("true", "false") : List.of();
      case AlternateType alternate ->
          alternate.types().stream()
              .flatMap(each -> values(schema.type(each), depth - 1).stream())
              .toList();
      case ArrayType _, ObjectType _ -> List.of();
    };
  }

  /** Whether a string of any kind may be in this place: an id, a path. */
  boolean isText(Schema.Type type) {
    return switch (type) {
      case BuiltinType builtin -> builtin.json().equals("string") || builtin.json().equals("value");
      case AlternateType alternate ->
          alternate.types().stream()
              .anyMatch(each -> schema.type(each) instanceof BuiltinType one && isText(one));
      case EnumType _, ArrayType _, ObjectType _ -> false;
    };
  }

  /** Whether values of this type are written in quotes in JSON. */
  boolean isQuoted(Schema.Type type) {
    return type instanceof EnumType || isText(type) || type instanceof AlternateType;
  }

  /** A type in a few words: {@code string}, {@code vnc|spice}, {@code list of object}. */
  String describe(Schema.Type type) {
    return describe(type, DEPTH);
  }

  private String describe(Schema.Type type, int depth) {
    if (depth == 0) {
      return "…";
    }
    return switch (type) {
      case BuiltinType builtin -> builtin.json();
      case EnumType _ -> String.join("|", values(type, 1));
      case ArrayType array -> "list of " + describe(schema.type(array.element()), depth - 1);
      case ObjectType _ -> "object";
      case AlternateType alternate ->
          String.join(
              " or ",
              alternate.types().stream()
                  .map(each -> describe(schema.type(each), depth - 1))
                  .distinct()
                  .toList());
    };
  }

  /** What a command takes, the required first: {@code device= size= [node-name=]}. */
  static String signature(Schema schema, Command command) {
    ObjectType type = schema.arguments(command);
    Stream<String> required =
        type.members().stream().filter(each -> !each.optional()).map(each -> each.name() + "=");
    Stream<String> optional =
        type.members().stream().filter(Member::optional).map(each -> "[" + each.name() + "=]");
    return String.join(" ", Stream.concat(required, optional).toList());
  }

  /** Marks that QEMU puts on something, as {@code deprecated; }; empty for none. */
  static String marks(Schema.Entity entity) {
    StringBuilder marks = new StringBuilder();
    for (String each : List.of("deprecated", "unstable")) {
      if (entity.features().contains(each)) {
        marks.append(each).append("; ");
      }
    }
    return marks.toString();
  }
}
