package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.client.Schema.ArrayType;
import org.qmpkit.client.Schema.BuiltinType;
import org.qmpkit.client.Schema.Command;
import org.qmpkit.client.Schema.EnumType;
import org.qmpkit.client.Schema.EnumValue;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** The schema of a real QEMU, and schemas that are none. */
@Timeout(120)
class SchemaTest {
  private static final QmpOptions OPTIONS =
      QmpOptions.DEFAULT
          .withConnectTimeout(Duration.ofMinutes(1))
          .withSchemaCache(SchemaCache.none());

  @Test
  void aRealQemuDescribesItself() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = QmpClient.connect(Address.unix(qemu.path()), OPTIONS)) {
      Schema schema = client.schema();
      TreeSet<String> listed = new TreeSet<>();
      for (JsonNode each : client.execute("query-commands")) {
        listed.add(each.get("name").asString());
      }
      assertEquals(listed, schema.commands(), "two accounts of the same");
      assertTrue(schema.commands().size() > 180, () -> "" + schema.commands().size());
      assertTrue(schema.events().containsAll(List.of("STOP", "DEVICE_DELETED", "SHUTDOWN")));
      argumentsAndTheirTypes(schema);
      variants(schema);
      eventsAndOob(schema);
      assertTrue(schema.command("no-such-thing").isEmpty());
      assertTrue(schema.event("stop").isEmpty());
    }
  }

  private static void argumentsAndTheirTypes(Schema schema) {
    Command commit = schema.command("block-commit").orElseThrow();
    ObjectType arguments = schema.arguments(commit);
    Member device = arguments.member("device").orElseThrow();
    assertFalse(device.optional());
    assertEquals(new BuiltinType("str", "string", java.util.Set.of()), schema.type(device.type()));
    Member speed = arguments.member("speed").orElseThrow();
    assertTrue(speed.optional());
    assertEquals("int", assertInstanceOf(BuiltinType.class, schema.type(speed.type())).json());
    assertTrue(arguments.member("base").orElseThrow().deprecated(), "since 5.1");
    assertFalse(arguments.member("base-node").orElseThrow().deprecated());
    EnumType onError =
        assertInstanceOf(
            EnumType.class, schema.type(arguments.member("on-error").orElseThrow().type()));
    assertTrue(
        onError.values().stream()
            .map(EnumValue::name)
            .toList()
            .containsAll(List.of("report", "ignore", "enospc", "stop")));
    ArrayType names =
        assertInstanceOf(
            ArrayType.class, schema.type(schema.command("query-commands").orElseThrow().returns()));
    assertTrue(schema.object(names.element()).member("name").isPresent());
    assertTrue(schema.arguments(schema.command("stop").orElseThrow()).members().isEmpty());
    assertThrows(IllegalArgumentException.class, () -> schema.object("str"));
    assertThrows(IllegalArgumentException.class, () -> schema.type("no-such-thing"));
  }

  private static void variants(Schema schema) {
    ObjectType add = schema.arguments(schema.command("blockdev-add").orElseThrow());
    assertEquals("driver", add.tag());
    ObjectType file =
        schema.object(
            add.variants().stream()
                .filter(each -> each.value().equals("file"))
                .findFirst()
                .orElseThrow()
                .type());
    assertFalse(file.member("filename").orElseThrow().optional());
  }

  private static void eventsAndOob(Schema schema) {
    Schema.Event deleted = schema.event("DEVICE_DELETED").orElseThrow();
    assertTrue(schema.data(deleted).member("device").orElseThrow().optional());
    assertFalse(schema.data(deleted).member("path").orElseThrow().optional());
    assertTrue(schema.command("migrate-pause").orElseThrow().oob());
    assertFalse(schema.command("stop").orElseThrow().oob());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "[1]",
        "[{\"name\": \"x\"}]",
        "[{\"name\": \"x\", \"meta-type\": \"command\"}]",
        "[{\"name\": \"x\", \"meta-type\": \"event\", \"arg-type\": \"1\"}]",
        "[{\"name\": \"x\", \"meta-type\": \"enum\"}]",
        "[{\"name\": \"x\", \"meta-type\": \"enum\", \"values\": [1]}]",
        "[{\"name\": \"x\", \"meta-type\": \"array\", \"element-type\": \"y\"}]",
        "[{\"name\": \"x\", \"meta-type\": \"object\", \"members\": {}}]",
        "[{\"name\": \"x\", \"meta-type\": \"builtin\", \"json-type\": \"int\", \"features\": 1}]",
        "[{\"name\": \"x\", \"meta-type\": \"riddle\"}]",
        "[{\"name\": \"x\", \"meta-type\": \"enum\", \"values\": []},"
            + " {\"name\": \"x\", \"meta-type\": \"enum\", \"values\": []}]"
      })
  void whatIsNoSchemaIsFoundOut(String text) {
    assertThrows(IllegalArgumentException.class, () -> Schema.checked(Json.tree(text)));
  }

  @Test
  void anOldEnumHasValuesAlone() {
    Schema schema =
        Schema.checked(
            Json.tree("[{\"name\": \"x\", \"meta-type\": \"enum\", \"values\": [\"a\", \"b\"]}]"));
    EnumType type = assertInstanceOf(EnumType.class, schema.type("x"));
    assertEquals(List.of("a", "b"), type.values().stream().map(EnumValue::name).toList());
  }
}
