// SPDX-License-Identifier: Apache-2.0

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.qmpkit.protocol.Dialect;
import org.qmpkit.protocol.Document;
import org.qmpkit.protocol.Scanner;

/**
 * How fast a reply of QEMU is checked, by its kind: nanoseconds a byte and GB/s, the median of
 * interleaved rounds on one thread. Run with {@code java -cp protocol/target/classes bench/ScanRate.java}.
 */
void main(String[] arguments) throws Exception {
  Map<String, byte[]> texts = new LinkedHashMap<>();
  texts.put("string, 200 KB", reply("\"" + "x".repeat(200_000) + "\""));
  texts.put("string with escapes", reply("\"" + "line of HMP text\\r\\n".repeat(10_000) + "\""));
  texts.put("strings, 12 bytes", reply(list("\"abcdefghijkl\"", 15_000)));
  texts.put("numbers", reply(list("1234567", 25_000)));
  texts.put("nested objects", reply(list("{\"name\": \"ab\", \"type\": \"123\"}", 7_000)));
  texts.put("no blanks", reply(list("{\"name\":\"ab\",\"type\":\"123\"}", 7_000).replace(", ", ",")));
  texts.put("pretty", reply(list("{\r\n    \"name\": \"ab\",\r\n    \"type\": \"123\"\r\n}", 5_000)));
  texts.put("empty arrays", reply(list("[]", 50_000).replace(", ", ",")));
  texts.put("\\u escapes", reply("\"" + "\\u00e9".repeat(33_000) + "\""));
  texts.put("UTF-8", reply("\"" + "é".repeat(100_000) + "\""));
  for (String path : arguments) {
    texts.put(Path.of(path).getFileName().toString(), Files.readAllBytes(Path.of(path)));
  }
  int rounds = 60;
  Map<String, double[]> times = new LinkedHashMap<>();
  texts.forEach((name, text) -> times.put(name, new double[rounds]));
  Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 10 << 20);
  for (int round = -20; round < rounds; round++) {
    for (var each : texts.entrySet()) {
      ByteBuffer in = ByteBuffer.wrap(each.getValue());
      long begin = System.nanoTime();
      if (!(scanner.next(in) instanceof Document)) {
        throw new IllegalStateException(each.getKey() + " is no message");
      }
      long end = System.nanoTime();
      if (round >= 0) {
        times.get(each.getKey())[round] = (double) (end - begin) / each.getValue().length;
      }
    }
  }
  System.out.printf("%-24s %10s %8s %8s%n", "reply", "bytes", "ns/byte", "GB/s");
  times.forEach(
      (name, each) -> {
        Arrays.sort(each);
        double median = each[rounds / 2];
        System.out.printf(
            "%-24s %10d %8.2f %8.2f%n", name, texts.get(name).length, median, 1 / median);
      });
}

byte[] reply(String value) {
  return ("{\"return\": " + value + ", \"id\": 1}\r\n").getBytes(StandardCharsets.UTF_8);
}

String list(String element, int count) {
  return "[" + (element + ", ").repeat(count - 1) + element + "]";
}
