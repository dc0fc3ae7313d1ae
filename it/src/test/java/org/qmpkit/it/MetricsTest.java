package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** What {@code --metrics} shows, and to whom. */
@Timeout(300)
class MetricsTest {
  private final Path folder;
  private final Path metrics;
  private final Path shared;

  MetricsTest(@TempDir Path folder) {
    this.folder = folder;
    this.metrics = folder.resolve("metrics");
    this.shared = folder.resolve("vm1.qmp");
  }

  private SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(metrics));
    return channel;
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
  }

  /** All of the answer to a request, until the helper closes. */
  private String ask(String request) throws IOException {
    try (SocketChannel channel = connect()) {
      send(channel, request);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      Channels.newInputStream(channel).transferTo(all);
      return all.toString(StandardCharsets.UTF_8);
    }
  }

  /** The samples by name and labels, as of now. */
  private Map<String, Double> samples() throws IOException {
    String answer = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
    Map<String, Double> samples = new TreeMap<>();
    answer
        .substring(answer.indexOf("\r\n\r\n") + 4)
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> {
          int blank = line.lastIndexOf(' ');
          samples.put(line.substring(0, blank), Double.valueOf(line.substring(blank + 1)));
        });
    return samples;
  }

  private void await(String sample, double value) {
    Patience.until(
        sample + " " + value,
        () -> Double.valueOf(value).equals(samples().get(sample)),
        () -> {
          try {
            return samples().toString();
          } catch (IOException e) {
            return e.toString();
          }
        });
  }

  private HelperProcess helper(RealQemu qemu, String... flags) throws IOException {
    List<String> all = new ArrayList<>(List.of("--metrics", "unix:" + metrics));
    all.addAll(List.of(flags));
    return shown(HelperProcess.sharing(shared, qemu.path(), all.toArray(String[]::new)));
  }

  /** Routes listen before metrics do. */
  private static HelperProcess shown(HelperProcess helper) {
    helper.awaitLog("shows metrics at");
    return helper;
  }

  @Test
  void commandsAreCountedByWhatTheyAreAboutAndWhatBecameOfThem() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(qemu, "--command-timeout", "query-block=300ms");
        LineClient client = SharedQemu.negotiated(shared)) {
      client.ask(command("query-name", "1"));
      client.ask(command("query-status", "2"));
      client.ask(command("stop", "3"));
      client.ask(command("no-such-command", "4"));
      await("qmpkit_commands_total{class=\"query\",outcome=\"ok\",route=\"vm1.qmp\"}", 2);
      await("qmpkit_commands_total{class=\"machine\",outcome=\"ok\",route=\"vm1.qmp\"}", 1);
      await("qmpkit_commands_total{class=\"other\",outcome=\"error\",route=\"vm1.qmp\"}", 1);
      await("qmpkit_command_duration_seconds_count{class=\"query\",route=\"vm1.qmp\"}", 2);
      await("qmpkit_command_wait_seconds_count{route=\"vm1.qmp\"}", 4);
      await("qmpkit_monitor_up{route=\"vm1.qmp\"}", 1);
      await("qmpkit_clients{route=\"vm1.qmp\",state=\"served\"}", 1);
      qemu.pause();
      client.ask(command("query-block", "5"));
      await("qmpkit_commands_total{class=\"query\",outcome=\"timeout\",route=\"vm1.qmp\"}", 1);
      await("qmpkit_commands_in_flight{route=\"vm1.qmp\"}", 1);
      assertTrue(
          samples().getOrDefault("qmpkit_oldest_command_seconds{route=\"vm1.qmp\"}", 0.0) > 0.3);
      client.send(command("cont", "6"));
      await("qmpkit_commands_in_flight{route=\"vm1.qmp\"}", 2);
      qemu.kill();
      await("qmpkit_commands_total{class=\"machine\",outcome=\"gone\",route=\"vm1.qmp\"}", 1);
      await("qmpkit_monitor_state{route=\"vm1.qmp\",state=\"gone\"}", 1);
      await("qmpkit_monitor_up{route=\"vm1.qmp\"}", 0);
      await("qmpkit_clients{route=\"vm1.qmp\",state=\"served\"}", 0);
      assertTrue(helper.alive());
    }
  }

  @Test
  void bytesAndEventsAreCounted() throws Exception {
    Path relay = folder.resolve("relay");
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(qemu, "--route", relay + " => " + shared)) {
      try (LineClient client = SharedQemu.negotiated(shared)) {
        client.ask(command("stop", "1"));
        client.ask(command("cont", "2"));
      }
      await("qmpkit_events_total{route=\"vm1.qmp\"}", 1);
      await("qmpkit_monitor_connections_total{route=\"vm1.qmp\"}", 1);
      Map<String, Double> samples = samples();
      for (String peer : List.of("clients", "qemu")) {
        for (String way : List.of("sent", "received")) {
          String sample = "qmpkit_" + way + "_bytes_total{peer=\"" + peer + "\",route=\"vm1.qmp\"}";
          assertTrue(samples.getOrDefault(sample, 0.0) > 50, () -> sample + " of " + samples);
        }
      }
      assertTrue(helper.alive());
    }
  }

  @Test
  void whateverClientsSayMakesNoMoreSeries() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(qemu);
        LineClient client = SharedQemu.negotiated(shared)) {
      client.ask(command("other-1", "1"));
      await("qmpkit_commands_total{class=\"other\",outcome=\"error\",route=\"vm1.qmp\"}", 1);
      int before = samples().size();
      for (int i = 2; i <= 50; i++) {
        client.ask(command("other-" + i + "\\n\\\"}", Integer.toString(i)));
      }
      await("qmpkit_commands_total{class=\"other\",outcome=\"error\",route=\"vm1.qmp\"}", 50);
      assertEquals(before, samples().size());
      assertTrue(helper.alive());
    }
  }

  @Test
  void routesOfOneNameAreToldApart() throws Exception {
    Path one = Files.createDirectory(folder.resolve("one")).resolve("qmp");
    Path two = Files.createDirectory(folder.resolve("two")).resolve("qmp");
    try (HelperProcess helper =
        shown(
            HelperProcess.start(
                "--metrics",
                metrics + "",
                "--route",
                one + " => /no",
                "--route",
                two + " => /no"))) {
      await("qmpkit_monitor_up{route=\"unix:" + one + "\"}", 0);
      await("qmpkit_monitor_up{route=\"unix:" + two + "\"}", 0);
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      assertFalse(Files.exists(metrics), "the socket goes with the helper");
    }
  }

  @Test
  void theDashboardAsksForWhatThereIs() throws Exception {
    Path dashboard =
        Path.of(System.getProperty("qmpkit.it.root", ".."), "dist/grafana/qmpkit.json");
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(qemu);
        LineClient client = SharedQemu.negotiated(shared)) {
      client.ask(command("query-name", "1"));
      await("qmpkit_command_wait_seconds_count{route=\"vm1.qmp\"}", 1);
      Set<String> there =
          samples().keySet().stream()
              .map(each -> each.replaceFirst("\\{.*", ""))
              .collect(Collectors.toSet());
      List<String> asked =
          Pattern.compile("qmpkit_\\w+")
              .matcher(Files.readString(dashboard))
              .results()
              .map(MatchResult::group)
              .toList();
      assertTrue(asked.size() > 10, asked::toString);
      assertEquals(List.of(), asked.stream().filter(each -> !there.contains(each)).toList());
      assertTrue(helper.alive());
    }
  }

  @Test
  void whatIsNoRequestForMetricsIsAnsweredSo() throws Exception {
    try (HelperProcess helper =
        shown(HelperProcess.start("--metrics", metrics + "", "--route", shared + " => /no"))) {
      assertTrue(ask("GET / HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 404 "));
      assertTrue(ask("POST /metrics HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 405 "));
      assertTrue(ask("{\"execute\": \"qmp_capabilities\"}\r\n\r\n").startsWith("HTTP/1.1 400 "));
      assertTrue(ask("\n\n").startsWith("HTTP/1.1 400 "));
      assertTrue(ask("GET /" + "x".repeat(9000)).startsWith("HTTP/1.1 431 "));
      String head = ask("HEAD /metrics HTTP/1.0\r\n\r\n");
      assertTrue(head.startsWith("HTTP/1.1 200 OK\r\n") && head.endsWith("\r\n\r\n"), head);
      // Who says nothing, or reads nothing, is in nobody's way; there are at most 16.
      List<SocketChannel> idle = new ArrayList<>();
      for (int i = 0; i < 15; i++) {
        idle.add(connect());
        send(idle.getLast(), "GET /met");
      }
      assertTrue(ask("GET /metrics?x=1 HTTP/1.1\n\n").startsWith("HTTP/1.1 200 "));
      for (SocketChannel each : idle) {
        each.close();
      }
      assertTrue(helper.alive());
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "qmpkit.full", matches = "true")
  void prometheusFindsNoFault() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(qemu);
        LineClient client = SharedQemu.negotiated(shared)) {
      client.ask(command("query-name", "1"));
      String answer = ask("GET /metrics HTTP/1.1\r\n\r\n");
      Path text = folder.resolve("text");
      Files.writeString(text, answer.substring(answer.indexOf("\r\n\r\n") + 4));
      Program.Outcome outcome =
          Program.outcome(new ProcessBuilder("promtool", "check", "metrics"), text.toFile());
      assertEquals(0, outcome.status(), outcome::toString);
      assertEquals("", outcome.out() + outcome.err());
      assertTrue(helper.alive());
    }
  }
}
