//! Visitor ids of both VWO platforms: name-based uuids of an account and a user.

use uuid::Uuid;

/// `https://vwo.com` in the URL namespace of RFC 4122.
fn base() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://vwo.com")
}

/// The namespace of one account's visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitors(Uuid);

impl Visitors {
    /// `account` is the text of the account's id.
    pub fn new(account: &str) -> Self {
        Visitors(Uuid::new_v5(&base(), account.as_bytes()))
    }

    /// The id of a user: 32 hexadecimal digits, upper case, no dashes.
    pub fn id(&self, user: &str) -> String {
        let mut digits = [0; 32];
        Uuid::new_v5(&self.0, user.as_bytes())
            .simple()
            .encode_upper(&mut digits)
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_users_have_their_known_ids() {
        assert_eq!(base().to_string(), "11e13cd7-6c48-53ec-8679-7e9c752273c5");
        for (account, user, id) in [
            ("123456", "alice", "3021035F151B5E9191BE243366302B14"),
            ("123456", "user-1", "D8E56BFF89A75539B46C1FECD3C97D7C"),
            ("1", "alice", "80EC7FE4B1F15977AE37E62867EA975C"),
            ("999", "пользователь", "5F263E6E4E205AB188DD83618A36A079"),
        ] {
            assert_eq!(Visitors::new(account).id(user), id);
        }
    }
}
