package org.tigress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an app in Java writes. */
@Timeout(60)
class JavaTest {
    private static final byte[] KEY = {1, 2, 3};

    private final InMemoryRelay relay = new InMemoryRelay();

    private TransferFutures wallet() throws TigressException {
        Config config = new Config.Builder().relay(relay.getOrigin()).longPoll(Duration.ofSeconds(5)).pinTries(3).build();
        return new TransferFutures(new TransferClient(config, TransferStoreKt.memoryStore(), relay.getTransport()));
    }

    @Test
    void aWholeTransferInJava() throws Exception {
        try (TransferFutures sender = wallet(); TransferFutures receiver = wallet()) {
            Credential key = new Credential("org.example.key", KEY);
            Invitation invitation =
                    sender.createInvitation(new InvitationRequest.Builder().title("A key").sender("Ada").mayBePassedOn(false).previewTitle("For you").credential(key).build()).get();
            CompletableFuture<Void> sent = sender.events(invitation.getTransfer(), event -> {});
            String id = receiver.acceptInvitation(invitation.getShareUrl()).get();
            receiver.confirm(id).get();
            byte[][] kept = new byte[1][];
            receiver.events(id, event -> {
                if (event instanceof TransferEvent.CredentialReceived received) {
                    kept[0] = received.getCredential().getContent();
                    receiver.terminate(id).get();
                }
            }).get();
            sent.get();
            assertArrayEquals(KEY, kept[0]);
            TransferSummary given = sender.transfers().get().get(0);
            assertEquals(invitation.getTransfer(), given.getId());
            assertEquals(new TransferState.Closed(Outcome.Completed.INSTANCE), given.getState());
        }
    }

    // [docs: java]
    /** Hands over a key, and says how it ended. */
    static void share(TransferFutures wallet, Credential key, Consumer<String> show, Consumer<Outcome> done) throws Exception {
        InvitationRequest request = new InvitationRequest.Builder().title("A key").credential(key).build();
        Invitation invitation = wallet.createInvitation(request).get();
        show.accept(invitation.getShareUrl());
        wallet.events(invitation.getTransfer(), event -> {
            if (event instanceof TransferEvent.Closed) done.accept(((TransferEvent.Closed) event).getOutcome());
        }).get();
    }
    // [docs: end]

    @Test
    void whatTheDocumentShows() throws Exception {
        try (TransferFutures sender = wallet(); TransferFutures receiver = wallet()) {
            CompletableFuture<String> link = new CompletableFuture<>();
            CompletableFuture<Outcome> ended = new CompletableFuture<>();
            CompletableFuture<Void> sharing = CompletableFuture.runAsync(() -> {
                try {
                    share(sender, new Credential("org.example.key", KEY), link::complete, ended::complete);
                } catch (Exception error) {
                    ended.completeExceptionally(error);
                }
            });
            String id = receiver.acceptInvitation(link.get()).get();
            receiver.confirm(id).get();
            receiver.events(id, event -> {
                if (event instanceof TransferEvent.CredentialReceived) receiver.terminate(id).get();
            }).get();
            sharing.get();
            assertEquals(Outcome.Completed.INSTANCE, ended.get());
        }
    }

    @Test
    void errorsAndCancellation() throws Exception {
        try (TransferFutures wallet = wallet()) {
            ExecutionException error =
                    assertThrows(ExecutionException.class, () -> wallet.acceptInvitation("https://relay.example/").get());
            assertEquals("bad_invitation", assertInstanceOf(TigressException.class, error.getCause()).getCode());
            Invitation invitation = wallet.createInvitation(new InvitationRequest()).get();
            CompletableFuture<Void> events = wallet.events(invitation.getTransfer(), event -> {});
            assertThrows(java.util.concurrent.TimeoutException.class, () -> events.get(100, TimeUnit.MILLISECONDS));
            assertTrue(events.cancel(true));
            // Nobody collects any more, so that another may.
            wallet.terminate(invitation.getTransfer(), TerminateReason.CANCELLED).get();
        }
    }
}
