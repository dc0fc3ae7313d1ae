package org.qmpkit.client;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Schema.AlternateType;
import org.qmpkit.client.Schema.ArrayType;
import org.qmpkit.client.Schema.BuiltinType;
import org.qmpkit.client.Schema.EnumType;
import org.qmpkit.client.Schema.EnumValue;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.Misfit;
import org.qmpkit.client.Schema.Misfit.Kind;
import org.qmpkit.client.Schema.ObjectType;
import tools.jackson.databind.JsonNode;

/** Compares a view with what a schema says of the same. */
final class ViewCheck {
  private static final Set<Class<?>> INTEGERS =
      Set.of(
          byte.class,
          Byte.class,
          short.class,
          Short.class,
          int.class,
          Integer.class,
          long.class,
          Long.class,
          BigInteger.class);

  private static final Set<Class<?>> NUMBERS =
      Set.of(float.class, Float.class, double.class, Double.class, BigDecimal.class, Number.class);

  private static final Set<Class<?>> BOOLEANS = Set.of(boolean.class, Boolean.class);
  private static final Set<Class<?>> STRINGS = Set.of(String.class, CharSequence.class);

  private final Schema schema;
  private final List<Misfit> misfits = new ArrayList<>();

  /** What was compared already: types may contain themselves. */
  private final Set<List<Object>> compared = new HashSet<>();

  private ViewCheck(Schema schema) {
    this.schema = schema;
  }

  static List<Misfit> of(Schema schema, Class<?> view, String command) {
    ViewCheck check = new ViewCheck(schema);
    schema
        .command(command)
        .ifPresentOrElse(
            known -> check.compare(view, known.returns(), ""),
            () -> check.add("", Kind.ABSENT, "there is no command '" + command + "'"));
    return List.copyOf(check.misfits);
  }

  private void add(String path, Kind kind, String text) {
    misfits.add(new Misfit(path, kind, text));
  }

  private void compare(Type view, String name, String path) {
    Class<?> java = raw(view);
    if (java == null) {
      add(path, Kind.TYPE, view.getTypeName() + " has no class of its own");
      return;
    }
    if (java == Optional.class) {
      compare(argument(view), name, path);
      return;
    }
    if (java == Object.class || JsonNode.class.isAssignableFrom(java)) {
      return;
    }
    switch (schema.type(name)) {
      case BuiltinType builtin -> {
        if (!holds(java, builtin.json())) {
          mismatch(path, builtin.json(), java);
        }
      }
      case EnumType type -> values(java, type, path);
      case ArrayType array -> elements(view, java, array, path);
      case ObjectType object -> members(java, object, path);
      case AlternateType _ ->
          mismatch(path, "one of several types, for which there is JsonNode", java);
    }
  }

  private void mismatch(String path, String type, Class<?> java) {
    add(path, Kind.TYPE, "it is " + type + ", and " + java.getSimpleName() + " does not hold that");
  }

  private static boolean holds(Class<?> java, String json) {
    return switch (json) {
      case "string" -> STRINGS.contains(java);
      case "boolean" -> BOOLEANS.contains(java);
      case "int" ->
          INTEGERS.contains(java)
              || NUMBERS.contains(java)
              || java == OptionalInt.class
              || java == OptionalLong.class
              || java == OptionalDouble.class;
      case "number" -> NUMBERS.contains(java) || java == OptionalDouble.class;
      case "object" -> java == Map.class;
      default -> false;
    };
  }

  private void values(Class<?> java, EnumType type, String path) {
    if (STRINGS.contains(java)) {
      return;
    }
    if (!(java.getEnumConstants() instanceof Enum<?>[] constants)) {
      mismatch(path, "an enum", java);
      return;
    }
    Set<String> missing = new TreeSet<>();
    type.values().stream().map(EnumValue::name).forEach(missing::add);
    for (Enum<?> each : constants) {
      ViewNames.values(each).forEach(missing::remove);
    }
    if (!missing.isEmpty() && ViewNames.unknown(constants) == null) {
      add(
          path,
          Kind.VALUES,
          java.getSimpleName()
              + " lacks "
              + String.join(", ", missing)
              + "; a constant UNKNOWN would take them");
    }
  }

  private void elements(Type view, Class<?> java, ArrayType array, String path) {
    Type element =
        view instanceof GenericArrayType generic
            ? generic.getGenericComponentType()
            : java.isArray()
                ? java.getComponentType()
                : java.isAssignableFrom(List.class) || Collection.class.isAssignableFrom(java)
                    ? argument(view)
                    : null;
    if (element == null) {
      mismatch(path, "a list", java);
    } else {
      compare(element, array.element(), path + "[]");
    }
  }

  private void members(Class<?> java, ObjectType object, String path) {
    if (java == Map.class || !compared.add(List.of(java, object.name()))) {
      return;
    }
    if (!java.isRecord()) {
      mismatch(path, "an object, for which there are records", java);
      return;
    }
    for (RecordComponent each : java.getRecordComponents()) {
      member(each, object, path.isEmpty() ? "" : path + ".");
    }
  }

  private void member(RecordComponent component, ObjectType object, String prefix) {
    List<String> names = ViewNames.members(component);
    boolean required = ViewNames.required(component);
    List<Member> found = find(object, names).toList();
    String path = prefix + (found.isEmpty() ? names.getFirst() : found.getFirst().name());
    if (found.isEmpty()) {
      add(
          path,
          required ? Kind.ABSENT : Kind.NEVER,
          "there is no such member"
              + (required ? "" : ": it is always empty here; another QEMU may have it"));
    } else if (required && !always(object, names)) {
      add(path, Kind.OPTIONAL, "it may be left out; an Optional would take that");
    }
    for (Member each : found) {
      compare(component.getGenericType(), each.type(), path);
    }
  }

  /** Whether a member is there in any case, of whichever variant the object is. */
  private boolean always(ObjectType object, List<String> names) {
    if (object.members().stream().anyMatch(each -> isThere(each, names))) {
      return true;
    }
    Member tag = object.tag() == null ? null : object.member(object.tag()).orElse(null);
    return tag != null
        && schema.type(tag.type()) instanceof EnumType values
        && values.values().size() == object.variants().size()
        && object.variants().stream()
            .map(each -> schema.object(each.type()))
            .allMatch(each -> each.members().stream().anyMatch(one -> isThere(one, names)));
  }

  private static boolean isThere(Member member, List<String> names) {
    return names.contains(member.name()) && !member.optional();
  }

  /** The members of a name, of which there are several only where they belong to variants. */
  private Stream<Member> find(ObjectType object, List<String> names) {
    Stream<ObjectType> variants =
        object.variants().stream().map(each -> schema.object(each.type()));
    return Stream.concat(Stream.of(object), variants)
        .flatMap(each -> each.members().stream())
        .filter(each -> names.contains(each.name()))
        .distinct();
  }

  private static @Nullable Class<?> raw(Type type) {
    return switch (type) {
      case Class<?> java -> java;
      case ParameterizedType generic -> (Class<?>) generic.getRawType();
      case GenericArrayType _ -> Object[].class;
      default -> null;
    };
  }

  /** What a container holds. */
  private static Type argument(Type container) {
    return container instanceof ParameterizedType generic
        ? generic.getActualTypeArguments()[0]
        : Object.class;
  }
}
