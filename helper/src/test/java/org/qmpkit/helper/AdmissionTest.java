package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final Optional<String> ROOT = Optional.of("root");

  private final Admission admission = new Admission();

  /** How many places a user gets, one after the other, up to one more than there are. */
  private int enterAll(Optional<String> user) {
    int entered = 0;
    while (entered <= Admission.MOST && admission.enter(user) == null) {
      entered++;
    }
    return entered;
  }

  @Test
  void aUserGetsSoManyAndAnotherStillGetsHis() {
    assertEquals(Admission.MOST_PER_USER, enterAll(Optional.of("alice")));
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
    assertEquals(Admission.MOST - Admission.KEPT_FOR_ROOT, enterAll(Optional.empty()));
    assertEquals(Admission.KEPT_FOR_ROOT, enterAll(ROOT));
  }
}
