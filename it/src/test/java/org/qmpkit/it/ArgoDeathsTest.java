package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.RealQemu;

/** Helpers, far sides and domains that end at any instant, over emulated Argo and V4V. */
@Timeout(1800)
class ArgoDeathsTest {
  private static final boolean FULL = Boolean.getBoolean("qmpkit.full");
  private static final int HELPERS = FULL ? 100 : 3;

  /** On each of the transports. */
  private static final int FAR_SIDES = FULL ? 34 : 1;

  private final ArgoHost host;

  ArgoDeathsTest(@TempDir Path folder) throws IOException {
    host = new ArgoHost(folder);
  }

  @Test
  void theHelperMayBeKilledAtAnyInstant() throws Exception {
    Random random = new Random(5);
    long answers = 0;
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess far = host.relayingTo("argo:0")) {
      for (int kill = 0; kill < HELPERS; kill++) {
        KilledClient client;
        try (HelperProcess helper = host.sharing("argo:5")) {
          client = new KilledClient(host.socket(), "client");
          if (kill % 2 == 0) {
            Patience.until("an answer", () -> client.answers() > 0);
          }
          LockSupport.parkNanos(random.nextLong(400_000_000));
          helper.kill();
        }
        client.finish();
        answers += client.answers();
      }
      assertTrue(answers > 0, "no answer at all");
      try (HelperProcess helper = host.sharing("argo:5")) {
        host.assertServes();
        assertTrue(helper.alive() && far.alive() && qemu.alive());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo:%d", "v4v:%d", "argo:%d,stream=on"})
  void theFarSideMayBeKilledAtAnyInstant(String address) throws Exception {
    Random random = new Random(6);
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess helper = host.sharing(String.format(address, 5))) {
      for (int kill = 0; kill < FAR_SIDES; kill++) {
        try (HelperProcess far = host.relayingTo(String.format(address, 0))) {
          host.awaitStatus();
          Thread asking = Thread.ofPlatform().daemon().start(host::askInVain);
          LockSupport.parkNanos(random.nextLong(100_000_000));
          far.kill();
          asking.join();
        }
      }
      try (HelperProcess far = host.relayingTo(String.format(address, 0))) {
        host.awaitStatus();
        host.assertServes();
        assertTrue(far.alive() && helper.alive() && qemu.alive());
      }
    }
  }

  @Test
  void aDomainThatIsBornAgainIsFoundAgain() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess helper = host.sharing("argo:5")) {
      for (int life = 0; life < 3; life++) {
        try (HelperProcess chardev = host.stockQemu("argo", 3, host.monitor())) {
          host.awaitStatus();
          chardev.kill();
          host.destroy(ArgoHost.STUBDOM);
        }
        host.askInVain();
        host.create(ArgoHost.STUBDOM);
      }
      assertTrue(helper.alive() && qemu.alive());
    }
  }
}
