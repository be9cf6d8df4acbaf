//! Things that use one another: in which order they can be settled, and which go in a circle.

/// What became of each thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All that it uses can be settled before it.
    Ordered,
    /// It is part of a circle, or between two.
    Circle,
    /// It uses something that is.
    UsesCircle,
}

/// `uses[n]` are the numbers of the things that thing `n` uses. Answers the order in which those outside of circles
/// can be settled, the used before the user, and the place of every thing. No recursion: a chain may be long.
pub fn order(uses: &[Vec<u32>]) -> (Vec<u32>, Vec<Place>) {
    let settled = peel(uses);
    let mut places = vec![Place::Circle; uses.len()];
    for n in &settled {
        places[*n as usize] = Place::Ordered;
    }
    // The other way round among the rest: whatever is used by nobody in a circle is not in one itself.
    let mut used_by = vec![Vec::new(); uses.len()];
    for (n, uses) in uses.iter().enumerate() {
        if places[n] == Place::Circle {
            for used in uses {
                used_by[*used as usize].push(n as u32);
            }
        }
    }
    for n in peel(&used_by) {
        if places[n as usize] == Place::Circle {
            places[n as usize] = Place::UsesCircle;
        }
    }
    (settled, places)
}

/// Takes away what uses nothing that is left, again and again.
fn peel(uses: &[Vec<u32>]) -> Vec<u32> {
    let mut used_by = vec![Vec::new(); uses.len()];
    let mut left: Vec<usize> = uses.iter().map(Vec::len).collect();
    for (n, uses) in uses.iter().enumerate() {
        for used in uses {
            used_by[*used as usize].push(n as u32);
        }
    }
    let mut order: Vec<u32> = (0..uses.len() as u32)
        .filter(|n| left[*n as usize] == 0)
        .collect();
    let mut next = 0;
    while let Some(n) = order.get(next) {
        for user in &used_by[*n as usize] {
            left[*user as usize] -= 1;
            if left[*user as usize] == 0 {
                order.push(*user);
            }
        }
        next += 1;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_used_come_before_their_users() {
        let (order, _) = order(&[vec![1, 2], vec![2], vec![], vec![0, 0]]);
        assert_eq!(order, [2, 1, 0, 3]);
    }

    #[test]
    fn only_the_members_of_a_circle_are_in_it() {
        // 0 → 1 ⇄ 2 → 3, and 4 uses itself.
        let (order, places) = order(&[vec![1], vec![2], vec![1, 3], vec![], vec![4]]);
        assert_eq!(order, [3]);
        use Place::*;
        assert_eq!(places, [UsesCircle, Circle, Circle, Ordered, Circle]);
    }
}
