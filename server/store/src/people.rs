//! Users, and tokens for programs. Only hashes of secrets are kept.

use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{change, read},
    row::{bytes, corrupt, some_time, time},
};

/// What somebody may do. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Look.
    Viewer,
    /// Accept risks, set labels and groups.
    Analyst,
    /// Everything.
    Admin,
}

impl Role {
    /// The word in the database and in the interface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }

    /// The role that a word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Viewer, Self::Analyst, Self::Admin].into_iter().find(|role| role.as_str() == word)
    }
}

/// A person who may log in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Their name.
    pub name: String,
    /// The Argon2 hash of their password, in its text form.
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
    /// True where they may not log in.
    pub disabled: bool,
    /// When they were added.
    pub created: Timestamp,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, {:?}, disabled: {})", self.name, self.role, self.disabled)
    }
}

/// A token that a program, or a person's session, authenticates with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The SHA-256 of the secret.
    pub hash: [u8; 32],
    /// What it is for.
    pub label: String,
    /// The user that it stands for; `None` where it stands for itself.
    pub user: Option<String>,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
    /// It is good until then; `None` is for good.
    pub expires: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct UserColumns {
    name: String,
    password_hash: String,
    role: String,
    disabled: i64,
    created_ms: i64,
}

impl TryFrom<UserColumns> for User {
    type Error = StoreError;

    fn try_from(row: UserColumns) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.name,
            password_hash: row.password_hash,
            role: Role::parse(&row.role).ok_or_else(|| corrupt("users", "a role"))?,
            disabled: row.disabled != 0,
            created: time("users", row.created_ms)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct TokenColumns {
    hash: Vec<u8>,
    label: String,
    owner: Option<String>,
    role: String,
    created_ms: i64,
    expires_ms: Option<i64>,
    last_used_ms: Option<i64>,
}

impl TryFrom<TokenColumns> for ApiToken {
    type Error = StoreError;

    fn try_from(row: TokenColumns) -> Result<Self, StoreError> {
        const TABLE: &str = "api_tokens";
        Ok(Self {
            hash: bytes(TABLE, &row.hash)?,
            label: row.label,
            user: row.owner,
            role: Role::parse(&row.role).ok_or_else(|| corrupt(TABLE, "a role"))?,
            created: time(TABLE, row.created_ms)?,
            expires: some_time(TABLE, row.expires_ms)?,
            last_used: some_time(TABLE, row.last_used_ms)?,
        })
    }
}

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the name is taken; where the database cannot be written.
    pub async fn create_user(&self, user: &User) -> Result<(), StoreError> {
        let sql = "INSERT INTO users (name, password_hash, role, disabled, created_ms) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING";
        let done = change!(self, pool => sqlx::query(sql)
            .bind(&user.name)
            .bind(&user.password_hash)
            .bind(user.role.as_str())
            .bind(i64::from(user.disabled))
            .bind(user.created.as_millisecond())
            .execute(pool)
            .await?
            .rows_affected());
        if done == 0 { Err(StoreError::Exists("user")) } else { Ok(()) }
    }

    /// One user; `None` where there is none of this name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT * FROM users WHERE name = $1";
        let row: Option<UserColumns> =
            read!(self, pool => sqlx::query_as(sql).bind(name).fetch_optional(pool).await)?;
        row.map(User::try_from).transpose()
    }

    /// All users by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = "SELECT * FROM users ORDER BY name";
        let rows: Vec<UserColumns> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// Replaces a user's password hash, role and whether they may log in. False where there is no such user.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn update_user(&self, user: &User) -> Result<bool, StoreError> {
        let sql = "UPDATE users SET password_hash = $2, role = $3, disabled = $4 WHERE name = $1";
        let done = change!(self, pool => sqlx::query(sql)
            .bind(&user.name)
            .bind(&user.password_hash)
            .bind(user.role.as_str())
            .bind(i64::from(user.disabled))
            .execute(pool)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Deletes a user with their tokens. False where there was no such user.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn delete_user(&self, name: &str) -> Result<bool, StoreError> {
        self.revoke_api_tokens_of(name).await?;
        let sql = "DELETE FROM users WHERE name = $1";
        Ok(change!(self, pool => sqlx::query(sql).bind(name).execute(pool).await?.rows_affected()) > 0)
    }

    /// Adds a token.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where its hash is taken; where the database cannot be written.
    pub async fn create_api_token(&self, token: &ApiToken) -> Result<(), StoreError> {
        let sql = "INSERT INTO api_tokens (hash, label, owner, role, created_ms, expires_ms, last_used_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hash) DO NOTHING";
        let done = change!(self, pool => sqlx::query(sql)
            .bind(token.hash.to_vec())
            .bind(&token.label)
            .bind(&token.user)
            .bind(token.role.as_str())
            .bind(token.created.as_millisecond())
            .bind(token.expires.map(Timestamp::as_millisecond))
            .bind(token.last_used.map(Timestamp::as_millisecond))
            .execute(pool)
            .await?
            .rows_affected());
        if done == 0 { Err(StoreError::Exists("token")) } else { Ok(()) }
    }

    /// The token of this hash, whether it is still good or not; `None` where there is none.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn api_token(&self, hash: &[u8; 32]) -> Result<Option<ApiToken>, StoreError> {
        let sql = "SELECT * FROM api_tokens WHERE hash = $1";
        let row: Option<TokenColumns> =
            read!(self, pool => sqlx::query_as(sql).bind(hash.to_vec()).fetch_optional(pool).await)?;
        row.map(ApiToken::try_from).transpose()
    }

    /// All tokens, the newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let sql = "SELECT * FROM api_tokens ORDER BY created_ms DESC, hash";
        let rows: Vec<TokenColumns> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    /// Notes that a token was used. Call it at most once a minute and token: it writes.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn touch_api_token(&self, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE api_tokens SET last_used_ms = $2 WHERE hash = $1";
        let at = now.as_millisecond();
        change!(self, pool => sqlx::query(sql).bind(hash.to_vec()).bind(at).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Deletes a token. False where there was none.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn revoke_api_token(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM api_tokens WHERE hash = $1";
        Ok(change!(self, pool => sqlx::query(sql).bind(hash.to_vec()).execute(pool).await?.rows_affected())
            > 0)
    }

    /// Deletes all tokens that stand for a user, such as after a change of password. Returns how many.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn revoke_api_tokens_of(&self, user: &str) -> Result<u64, StoreError> {
        let sql = "DELETE FROM api_tokens WHERE owner = $1";
        Ok(change!(self, pool => sqlx::query(sql).bind(user).execute(pool).await?.rows_affected()))
    }
}
