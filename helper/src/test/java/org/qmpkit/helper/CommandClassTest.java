package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandClassTest {
  @ParameterizedTest
  @CsvSource({
    "query-status, QUERY",
    "qom-get, QUERY",
    "qom-set, DEVICE",
    "blockdev-add, BLOCK",
    "block-job-cancel, BLOCK",
    "job-dismiss, JOB",
    "migrate-set-parameters, MIGRATION",
    "device_add, DEVICE",
    "system_reset, MACHINE",
    "human-monitor-command, HMP",
    "add-fd, DESCRIPTOR",
    "x-query-status, OTHER",
    "'', OTHER",
  })
  void isByHowTheNameBegins(String command, CommandClass expected) {
    assertEquals(expected, CommandClass.of(command));
  }
}
