package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * xentop's eye on a domain's disks: a model of libxenstat (Xen, tools/libs/stat/xenstat_qmp.c) that
 * is as easily misled as the original.
 *
 * <p>It never waits for the greeting and never looks at it. It writes a command without a line end,
 * takes all that comes until 10 ms of silence for the answer, and parses that as one document. So a
 * late answer is taken for the next one's, and an event in between spoils the sample. What the
 * original would silently leave out is a {@link Lost} sample here.
 */
public final class XenstatClient {
  private static final Duration SILENCE = Duration.ofMillis(10);
  private static final int SECTOR = 512;

  private final Path socket;
  private final Duration silence;

  /** Makes a client with libxenstat's own 10 ms; connects to nothing yet. */
  public XenstatClient(Path socket) {
    this(socket, SILENCE);
  }

  /**
   * Makes a client that connects to nothing yet.
   *
   * @param silence what ends an answer; more than 10 ms judges the order of things without judging
   *     their speed
   */
  public XenstatClient(Path socket, Duration silence) {
    this.socket = socket;
    this.silence = silence;
  }

  /**
   * A disk's counters, in sectors of 512 bytes and in requests.
   *
   * @param image the file behind it; null if QEMU does not name one
   */
  public record Disk(
      String device,
      long readSectors,
      long writtenSectors,
      long readRequests,
      long writeRequests,
      @Nullable String image) {}

  /**
   * Connects, takes one sample, closes. Blocks for a few times the silence that ends an answer.
   *
   * @return the disks in QEMU's order
   * @throws Lost if the original would have shown no or wrong numbers
   */
  public List<Disk> sample() {
    Deadline deadline = Deadline.in(Deadline.USUAL);
    try (Wire wire = Wire.connect(socket, deadline)) {
      // Greeting and reply, as far as they have come: thrown away unparsed, but it must be
      // something.
      query(wire, "qmp_capabilities", deadline);
      List<Disk> disks = new ArrayList<>();
      for (JsonNode stats : array(wire, "query-blockstats", deadline)) {
        disks.add(disk(wire, stats, deadline));
      }
      return disks;
    } catch (IOException e) {
      throw new Lost("no sample from " + socket + ": " + e.getMessage(), e);
    }
  }

  private Disk disk(Wire wire, JsonNode stats, Deadline deadline) throws IOException {
    String device = stats.path("device").asString("");
    JsonNode counters = stats.path("stats");
    return new Disk(
        device,
        counters.path("rd_bytes").asLong(0) / SECTOR,
        counters.path("wr_bytes").asLong(0) / SECTOR,
        counters.path("rd_operations").asLong(0),
        counters.path("wr_operations").asLong(0),
        device.isEmpty() ? null : image(wire, device, deadline));
  }

  /** The original asks the whole of query-block again for every device. */
  private @Nullable String image(Wire wire, String device, Deadline deadline) throws IOException {
    for (JsonNode block : array(wire, "query-block", deadline)) {
      if (block.path("device").asString("").equals(device)) {
        JsonNode file = block.path("inserted").path("file");
        return file.isString() ? file.stringValue() : null;
      }
    }
    return null;
  }

  private JsonNode array(Wire wire, String command, Deadline deadline) throws IOException {
    byte[] answer = query(wire, command, deadline);
    String expected = "expected one document with an array to return for " + command;
    try {
      JsonNode returned = Json.parse(answer).path("return");
      if (returned.isArray()) {
        return returned;
      }
    } catch (JacksonException e) {
      throw new Lost(expected + "; came: " + Excerpt.head(answer) + "; " + wire.excerpt(), e);
    }
    throw new Lost(expected + "; came: " + Excerpt.head(answer) + "; " + wire.excerpt(), null);
  }

  private byte[] query(Wire wire, String command, Deadline deadline) throws IOException {
    byte[] text = ("{ \"execute\": \"" + command + "\" }").getBytes(UTF_8);
    if (!wire.write(ByteBuffer.wrap(text), deadline)) {
      throw new Lost(command + " was not read by the other side", null);
    }
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    ByteBuffer chunk = ByteBuffer.allocate(1024);
    int count;
    while ((count = wire.read(chunk.clear(), Deadline.in(silence))) > 0) {
      answer.write(chunk.array(), 0, count);
      if (deadline.passed()) {
        String endless = command + ": not silent for " + silence + " within " + deadline.patience();
        throw new Lost(endless + "; " + wire.excerpt(), null);
      }
    }
    if (count < 0) {
      throw new Lost(command + ": the connection ended; " + wire.excerpt(), null);
    }
    if (answer.size() == 0) {
      throw new Lost(command + ": nothing within " + silence + "; " + wire.excerpt(), null);
    }
    return answer.toByteArray();
  }

  /** A sample that libxenstat would have left out or got wrong. */
  public static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1;

    Lost(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
