package org.qmpkit.client;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyName;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.exc.InvalidDefinitionException;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/** Reads answers as a program's own records. What they must not be is no Jackson default. */
final class Views {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .annotationIntrospector(new Names())
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .enable(EnumFeature.READ_UNKNOWN_ENUM_VALUES_USING_DEFAULT_VALUE)
          .withCoercionConfig(
              LogicalType.Textual,
              text -> {
                for (CoercionInputShape each :
                    List.of(
                        CoercionInputShape.Integer,
                        CoercionInputShape.Float,
                        CoercionInputShape.Boolean)) {
                  text.setCoercion(each, CoercionAction.Fail);
                }
              })
          .changeDefaultNullHandling(nulls -> nulls.withContentNulls(Nulls.FAIL))
          .build();

  private Views() {}

  /**
   * An answer as a view.
   *
   * @throws ViewMismatch if it is of another shape
   * @throws IllegalArgumentException if the view is of a kind that nothing can be read as
   */
  static <T> T read(JsonNode answer, Class<T> view, Peer peer, Address address, String command)
      throws ViewMismatch {
    T read;
    try {
      read = MAPPER.treeToValue(answer, view);
    } catch (InvalidDefinitionException | IllegalArgumentException e) {
      throw inaccessible(view, e);
    } catch (JacksonException e) {
      if (e.getCause() instanceof IllegalAccessException) {
        throw inaccessible(view, e);
      }
      throw new ViewMismatch(peer, address, command, view, path(e), e.getOriginalMessage(), e);
    }
    if (read == null) {
      throw new ViewMismatch(
          peer, address, command, view, "", "it is null", new NullPointerException("null"));
    }
    return read;
  }

  private static IllegalArgumentException inaccessible(Class<?> view, RuntimeException why) {
    return new IllegalArgumentException(
        view.getName()
            + " must be a record that Jackson may make, with what it is made of: public in a"
            + " package that is exported, or in one that is opened to tools.jackson.databind: "
            + QmpException.oneLine(String.valueOf(why.getMessage())),
        why);
  }

  private static String path(JacksonException e) {
    return e.getPath().stream()
        .map(each ->
            each.getPropertyName() == null ? "[" + each.getIndex() + "]" : each.getPropertyName())
        .collect(Collectors.joining("."))
        .replace(".[", "[");
  }

  /** The names and rules of {@link ViewNames}, in Jackson's terms. */
  private static final class Names extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
      RecordComponent component = component(member);
      return component == null
          ? super.hasRequiredMarker(config, member)
          : Boolean.valueOf(ViewNames.required(component));
    }

    @Override
    public JsonSetter.Value findSetterInfo(MapperConfig<?> config, Annotated member) {
      RecordComponent component = component(member);
      return component == null || !ViewNames.required(component)
          ? super.findSetterInfo(config, member)
          : JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL);
    }

    @Override
    public @Nullable PropertyName findNameForDeserialization(
        MapperConfig<?> config, Annotated member) {
      RecordComponent component = component(member);
      return component == null
          ? super.findNameForDeserialization(config, member)
          : PropertyName.construct(ViewNames.members(component).getFirst());
    }

    @Override
    public List<PropertyName> findPropertyAliases(MapperConfig<?> config, Annotated member) {
      RecordComponent component = component(member);
      if (component == null) {
        return super.findPropertyAliases(config, member);
      }
      return ViewNames.members(component).stream().skip(1).map(PropertyName::construct).toList();
    }

    @Override
    public String[] findEnumValues(
        MapperConfig<?> config, AnnotatedClass type, Enum<?>[] constants, String[] names) {
      for (int i = 0; i < constants.length; i++) {
        names[i] = ViewNames.values(constants[i]).getFirst();
      }
      return names;
    }

    @Override
    public void findEnumAliases(
        MapperConfig<?> config, AnnotatedClass type, Enum<?>[] constants, String[][] aliases) {
      for (int i = 0; i < constants.length; i++) {
        aliases[i] = ViewNames.values(constants[i]).stream().skip(1).toArray(String[]::new);
      }
    }

    @Override
    public @Nullable Enum<?> findDefaultEnumValue(
        MapperConfig<?> config, AnnotatedClass type, Enum<?>[] constants) {
      return ViewNames.unknown(constants);
    }

    private static @Nullable RecordComponent component(Annotated annotated) {
      if (!(annotated instanceof AnnotatedMember member)
          || !member.getDeclaringClass().isRecord()) {
        return null;
      }
      RecordComponent[] components = member.getDeclaringClass().getRecordComponents();
      if (member instanceof AnnotatedParameter parameter) {
        return parameter.getOwner().getParameterCount() == components.length
            ? components[parameter.getIndex()]
            : null;
      }
      for (RecordComponent each : components) {
        if (each.getName().equals(member.getName())) {
          return each;
        }
      }
      return null;
    }
  }
}
