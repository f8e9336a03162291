use super::*;

fn entry(number: usize) -> Entry {
    let id = Uuid::from_u128(number as u128);
    Entry { id, origin: Origin { collection: "notes", document: Uuid::nil() }, event: number.to_string() }
}

fn events(queue: &Queue) -> Vec<usize> {
    let waiting = queue.waiting(0, usize::MAX);
    waiting.iter().map(|entry| entry.event.parse().expect("a number")).collect()
}

/// Has the documents read, which hold these.
fn read(queue: &mut Queue, documents: impl IntoIterator<Item = usize>) {
    queue.begin_reading();
    let whole = documents.into_iter().all(|number| queue.find(entry(number)));
    queue.end_reading(if whole { Reach::Whole } else { Reach::Full });
}

/// Sends all that waits and takes it out of the documents.
fn send_all(queue: &mut Queue) {
    let seqs: Vec<_> = queue.waiting(0, usize::MAX).iter().map(|entry| entry.seq).collect();
    queue.mark_published(&seqs);
    queue.forget_sent(seqs.len());
}

#[test]
fn what_is_known_is_not_found_again() {
    let mut queue = Queue::default();
    queue.commit(vec![entry(1), entry(2)]);
    queue.mark_published(&[1]);
    read(&mut queue, [1, 2, 3]);
    assert_eq!(events(&queue), [2, 3]);
    assert_eq!(queue.some_sent(10).len(), 1);
    queue.forget_sent(1);
    assert_eq!(queue.kept(), 2);
}

#[test]
fn a_full_queue_takes_the_rest_from_the_documents_in_order() {
    let all = 3 * MOST_KEPT;
    let mut queue = Queue::default();
    for number in 0..all {
        queue.commit(vec![entry(number)]);
        assert!(queue.kept() <= MOST_KEPT);
    }
    let mut published = Vec::new();
    while published.len() < all {
        assert!(queue.is_behind() || published.len() + queue.kept() == all);
        published.extend(events(&queue));
        send_all(&mut queue);
        assert!(queue.wants_documents(u64::MAX, false) || !queue.is_behind());
        read(&mut queue, published.len()..all);
        assert!(queue.kept() <= MOST_KEPT);
    }
    assert!(published.into_iter().eq(0..all));
    assert!(!queue.is_behind());
}

#[test]
fn what_is_committed_while_documents_are_read_follows_them() {
    let mut queue = Queue::default();
    queue.fall_behind();
    queue.commit(vec![entry(1)]);
    assert_eq!(events(&queue), [0; 0], "it must not overtake what is in the documents");
    assert!(queue.begin_reading());
    queue.commit(vec![entry(3), entry(2)]);
    assert!([1, 2].into_iter().all(|number| queue.find(entry(number))));
    queue.end_reading(Reach::Whole);
    assert_eq!(events(&queue), [1, 2, 3]);
    queue.commit(vec![entry(4)]);
    assert_eq!(events(&queue), [1, 2, 3, 4]);
}

#[test]
fn a_reading_that_fails_or_misses_something_is_done_again() {
    let mut queue = Queue::default();
    queue.begin_reading();
    queue.end_reading(Reach::Failed);
    assert!(!queue.is_behind(), "nothing of ours is in the documents alone");
    queue.fall_behind();
    for (reach, missed) in [(Reach::Failed, false), (Reach::Full, false), (Reach::Whole, true)] {
        queue.begin_reading();
        if missed {
            queue.fall_behind();
        }
        queue.end_reading(reach);
        assert!(queue.is_behind() && queue.wants_documents(9, false), "{reach:?}");
    }
}
