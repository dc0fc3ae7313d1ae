package org.qmpkit.client;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.lang.annotation.Annotation;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How the names of a view's Java are spelled in QEMU's JSON, for reading and for checking. */
final class ViewNames {
  private static final Set<Class<?>> OPTIONALS =
      Set.of(Optional.class, OptionalInt.class, OptionalLong.class, OptionalDouble.class);

  /** Where a capital letter begins a word. */
  private static final Pattern WORD = Pattern.compile("(?<=.)(?=\\p{Upper})");

  private static final String UNKNOWN = "UNKNOWN";

  private ViewNames() {}

  /** The member that a component reads, in each spelling that it is looked for. */
  static List<String> members(RecordComponent component) {
    JsonProperty named = component.getAccessor().getAnnotation(JsonProperty.class);
    if (named != null && !named.value().isEmpty()) {
      return List.of(named.value());
    }
    String kebab = WORD.matcher(component.getName()).replaceAll("-").toLowerCase(Locale.ROOT);
    return List.of(kebab, kebab.replace('-', '_'));
  }

  /** Whether the member must be there. */
  static boolean required(RecordComponent component) {
    return !OPTIONALS.contains(component.getType())
        && !nullable(component.getAnnotatedType().getAnnotations())
        && !nullable(component.getAnnotations());
  }

  /** Whosever annotation it is. */
  private static boolean nullable(Annotation[] annotations) {
    for (Annotation each : annotations) {
      if (each.annotationType().getSimpleName().equals("Nullable")) {
        return true;
      }
    }
    return false;
  }

  /** The values that a constant stands for. */
  static List<String> values(Enum<?> constant) {
    JsonProperty named = annotation(constant, JsonProperty.class);
    if (named != null && !named.value().isEmpty()) {
      return List.of(named.value());
    }
    String lower = constant.name().toLowerCase(Locale.ROOT);
    return List.of(lower.replace('_', '-'), lower);
  }

  /** The constant for values that are not known; null if there is none. */
  static @Nullable Enum<?> unknown(Enum<?>[] constants) {
    Enum<?> unknown = null;
    for (Enum<?> each : constants) {
      if (annotation(each, JsonEnumDefaultValue.class) != null) {
        return each;
      }
      unknown = each.name().equals(UNKNOWN) ? each : unknown;
    }
    return unknown;
  }

  private static <A extends Annotation> @Nullable A annotation(Enum<?> constant, Class<A> type) {
    try {
      return constant.getDeclaringClass().getField(constant.name()).getAnnotation(type);
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException("a constant is a field", e);
    }
  }
}
