package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final Optional<String> ROOT = Optional.of("root");

  private static final int MOST = 1024;
  private static final int MOST_PER_USER = 256;
  private static final int KEPT_FOR_ROOT = 4;

  private final Admission admission = new Admission(MOST, MOST_PER_USER, KEPT_FOR_ROOT);

  /** How many places a user gets, one after the other, up to one more than there are. */
  private int enterAll(Optional<String> user) {
    int entered = 0;
    while (entered <= MOST && admission.enter(user) == null) {
      entered++;
    }
    return entered;
  }

  @Test
  void aUserGetsSoManyAndAnotherStillGetsHis() {
    assertEquals(MOST_PER_USER, enterAll(Optional.of("alice")));
    assertNull(admission.enter(Optional.of("bob")));
  }

  @Test
  void aPlaceGivenBackIsFreeAgain() {
    Optional<String> alice = Optional.of("alice");
    enterAll(alice);
    admission.leave(alice);
    assertNull(admission.enter(alice));
    assertNotNull(admission.enter(alice));
  }

  @Test
  void theLastPlacesAreKeptForRoot() {
    assertEquals(MOST - KEPT_FOR_ROOT, enterAll(Optional.empty()));
    assertEquals(KEPT_FOR_ROOT, enterAll(ROOT));
  }
}
