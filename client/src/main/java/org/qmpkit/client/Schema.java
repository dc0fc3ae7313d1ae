package org.qmpkit.client;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a QEMU can do, by its own account: the answer to {@code query-qmp-schema} (QEMU's
 * qapi/introspect.json). Read as it is asked for; immutable.
 *
 * <p>Commands and events have names that stay; types have mostly numbers, which another build may
 * give to others.
 */
public final class Schema {
  /** Anything in a schema that has a name. */
  public sealed interface Entity permits Command, Event, Type, Member, EnumValue {
    /** Its name. */
    String name();

    /** Marks that QEMU puts on it, such as {@code deprecated} or {@code unstable}. */
    Set<String> features();

    /** Whether QEMU means to remove it. */
    default boolean deprecated() {
      return features().contains("deprecated");
    }
  }

  /**
   * Something to execute.
   *
   * @param arguments the name of the type of its arguments, an {@link ObjectType}
   * @param returns the name of the type of what it returns
   * @param oob whether it can run out of band
   */
  public record Command(
      String name, String arguments, String returns, boolean oob, Set<String> features)
      implements Entity {}

  /**
   * Something that may happen.
   *
   * @param data the name of the type of its data, an {@link ObjectType}
   */
  public record Event(String name, String data, Set<String> features) implements Entity {}

  /** What a value can be. */
  public sealed interface Type extends Entity
      permits BuiltinType, EnumType, ArrayType, ObjectType, AlternateType {}

  /**
   * A type that is not made of others.
   *
   * @param json its kind in JSON: string, number, int, boolean, null, object, array, value
   */
  public record BuiltinType(String name, String json, Set<String> features) implements Type {}

  /** One of some strings. */
  public record EnumType(String name, List<EnumValue> values, Set<String> features)
      implements Type {}

  /** A string that an {@link EnumType} allows. */
  public record EnumValue(String name, Set<String> features) implements Entity {}

  /**
   * A list.
   *
   * @param element the name of its elements' type
   */
  public record ArrayType(String name, String element, Set<String> features) implements Type {}

  /**
   * An object.
   *
   * @param members what it has in any case
   * @param tag the name of the member that decides what else it has; null if none does
   * @param variants what else it has, by the tag's value; a value that is not here adds nothing
   */
  public record ObjectType(
      String name,
      List<Member> members,
      @Nullable String tag,
      List<Variant> variants,
      Set<String> features)
      implements Type {
    /** The member of a name. */
    public Optional<Member> member(String member) {
      return members.stream().filter(each -> each.name().equals(member)).findFirst();
    }
  }

  /**
   * A member of an object.
   *
   * @param type the name of its type
   * @param optional whether it may be left out; what QEMU takes then it does not tell
   */
  public record Member(String name, String type, boolean optional, Set<String> features)
      implements Entity {}

  /**
   * What an object has besides, for one value of its tag.
   *
   * @param value the tag's value
   * @param type the name of the {@link ObjectType} whose members it has
   */
  public record Variant(String value, String type) {}

  /**
   * One of some types, told apart by their kind in JSON.
   *
   * @param types their names
   */
  public record AlternateType(String name, List<String> types, Set<String> features)
      implements Type {}

  /**
   * Something of a view that does not fit.
   *
   * @param path where, in QEMU's names, as {@code qemu.major} or {@code [].status}; empty for the
   *     whole
   * @param text what it is, for people
   */
  public record Misfit(String path, Kind kind, String text) {
    /** What sort of thing it is. */
    public enum Kind {
      /** There is no such command, or no such member: reading fails. */
      ABSENT,
      /** There is no such member, and the view can do without: it is always empty. */
      NEVER,
      /** QEMU may leave the member out, and the view can't do without: reading may fail. */
      OPTIONAL,
      /** The member is of another type: reading fails. */
      TYPE,
      /** There are values that the view has no constant for: reading may fail. */
      VALUES
    }

    @Override
    public String toString() {
      return (path.isEmpty() ? "" : path + ": ") + text;
    }
  }

  private record Index(
      SortedMap<String, JsonNode> commands,
      SortedMap<String, JsonNode> events,
      SortedMap<String, JsonNode> types) {}

  private byte @Nullable [] text;
  private @Nullable Index index;

  private Schema(byte @Nullable [] text, @Nullable Index index) {
    this.text = text;
    this.index = index;
  }

  /** One that was checked before it was kept. */
  static Schema lazily(byte[] text) {
    return new Schema(text, null);
  }

  /**
   * One out of QEMU's answer.
   *
   * @throws IllegalArgumentException if it is no schema, or something in it refers to nothing
   */
  static Schema checked(JsonNode answer) {
    Schema schema = new Schema(null, index(answer));
    schema.check();
    return schema;
  }

  /** The names of all commands, in order. */
  public SortedSet<String> commands() {
    return names(index().commands());
  }

  /** The names of all events, in order. */
  public SortedSet<String> events() {
    return names(index().events());
  }

  /** The command of a name. */
  public Optional<Command> command(String name) {
    return Optional.ofNullable(index().commands().get(name)).map(SchemaReader::command);
  }

  /** The event of a name. */
  public Optional<Event> event(String name) {
    return Optional.ofNullable(index().events().get(name)).map(SchemaReader::event);
  }

  /**
   * The type of a name, as commands, events and other types refer to it.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Type type(String name) {
    JsonNode type = index().types().get(name);
    if (type == null) {
      throw new IllegalArgumentException("the schema has no type '" + name + "'");
    }
    return SchemaReader.type(type);
  }

  /** The arguments of a command. */
  public ObjectType arguments(Command command) {
    return object(command.arguments());
  }

  /** The data of an event. */
  public ObjectType data(Event event) {
    return object(event.data());
  }

  /**
   * The type of a name that is an object's.
   *
   * @throws IllegalArgumentException if there is none, or it is another's
   */
  public ObjectType object(String name) {
    if (type(name) instanceof ObjectType object) {
      return object;
    }
    throw new IllegalArgumentException("the schema's type '" + name + "' is no object's");
  }

  /**
   * How well a view fits what this QEMU answers a command with, so that a program knows before it
   * asks. Members that the view does not have do not matter.
   *
   * {@snippet file="org/qmpkit/client/ViewsTest.java" region="check"}
   *
   * @param view as for {@link QmpClient#execute(QmpCommand, Class)}
   * @return what does not fit; empty if all does
   */
  public List<Misfit> check(Class<?> view, String command) {
    return ViewCheck.of(this, view, command);
  }

  private static SortedSet<String> names(SortedMap<String, JsonNode> map) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(map.keySet()));
  }

  private synchronized Index index() {
    Index known = index;
    if (known == null) {
      byte[] kept = Objects.requireNonNull(text, "a schema without text has an index");
      known = index(Json.tree(new String(kept, StandardCharsets.US_ASCII)));
      index = known;
      text = null;
    }
    return known;
  }

  private static Index index(JsonNode answer) {
    if (!answer.isArray() || answer.isEmpty()) {
      throw new IllegalArgumentException("it is no array of descriptions");
    }
    Index made = new Index(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
    for (JsonNode each : answer) {
      String name = SchemaReader.text(each, "name");
      SortedMap<String, JsonNode> map =
          switch (SchemaReader.text(each, "meta-type")) {
            case "command" -> made.commands();
            case "event" -> made.events();
            // A kind of a later QEMU is found out when it is asked for.
            default -> made.types();
          };
      if (map.put(name, each) != null) {
        throw new IllegalArgumentException("it describes '" + name + "' twice");
      }
    }
    return made;
  }

  private void check() {
    for (String name : commands()) {
      Command command = command(name).orElseThrow();
      arguments(command);
      type(command.returns());
    }
    for (String name : events()) {
      data(event(name).orElseThrow());
    }
    for (String name : index().types().keySet()) {
      references(type(name)).forEach(this::type);
    }
  }

  private static Stream<String> references(Type type) {
    return switch (type) {
      case BuiltinType _, EnumType _ -> Stream.empty();
      case ArrayType array -> Stream.of(array.element());
      case AlternateType alternate -> alternate.types().stream();
      case ObjectType object ->
          Stream.concat(
              object.members().stream().map(Member::type),
              object.variants().stream().map(Variant::type));
    };
  }
}
