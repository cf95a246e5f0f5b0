//! Enrolment tokens, and how an agent gets its identity.

use blindspot_telemetry::wire::{AgentId, Claim};
use jiff::Timestamp;

use crate::{
    AgentState, Store, StoreError,
    database::{Pools, Tx, change, random, read, within},
    row::{agent_id, bytes, corrupt, time},
};

const TABLE: &str = "tokens";

/// A token to be created. Its secret is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentToken {
    /// The SHA-256 of the secret.
    pub hash: [u8; 32],
    /// What it is for, in words.
    pub label: String,
    /// The group that its agents get into.
    pub group: String,
    /// How many agents it is good for; `None` is any number.
    pub uses_left: Option<u32>,
    /// It is good until then.
    pub expires: Timestamp,
    /// Who made it.
    pub created_by: String,
}

/// A token that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// What was created, with the uses that are left now.
    pub token: EnrolmentToken,
    /// When it was created.
    pub created: Timestamp,
    /// True where it was revoked.
    pub revoked: bool,
}

/// The identity of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id.
    pub agent: AgentId,
    /// The group that it stands in.
    pub group: String,
    /// True where it was made now; false where the key had it before.
    pub is_new: bool,
}

/// Why no identity was given. For the audit log only: the answer to the agent does not tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum EnrolRefusal {
    /// There is no such token.
    #[error("no such token")]
    Wrong,
    /// Its uses are spent.
    #[error("the token is spent")]
    Spent,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// The agent's key belongs to an identity that was revoked.
    #[error("the key was revoked")]
    KeyRevoked,
}

/// Why no identity was given.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// It is refused.
    #[error("enrolment was refused")]
    Refused(#[source] EnrolRefusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for EnrolError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

#[derive(sqlx::FromRow)]
struct Columns {
    hash: Vec<u8>,
    label: String,
    grp: String,
    uses_left: Option<i64>,
    expires_ms: i64,
    created_by: String,
    created_ms: i64,
    revoked: i64,
}

impl TryFrom<Columns> for TokenRow {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let uses = row.uses_left.map(u32::try_from).transpose();
        Ok(Self {
            token: EnrolmentToken {
                hash: bytes(TABLE, &row.hash)?,
                label: row.label,
                group: row.grp,
                uses_left: uses.map_err(|_| corrupt(TABLE, "a number of uses"))?,
                expires: time(TABLE, row.expires_ms)?,
                created_by: row.created_by,
            },
            created: time(TABLE, row.created_ms)?,
            revoked: row.revoked != 0,
        })
    }
}

impl TokenRow {
    fn check(&self, now: Timestamp) -> Result<(), EnrolRefusal> {
        if self.revoked {
            Err(EnrolRefusal::Revoked)
        } else if self.token.expires <= now {
            Err(EnrolRefusal::Expired)
        } else if self.token.uses_left == Some(0) {
            Err(EnrolRefusal::Spent)
        } else {
            Ok(())
        }
    }
}

/// The identity that a key has already.
#[derive(sqlx::FromRow)]
struct Known {
    agent: Vec<u8>,
    token: Vec<u8>,
    grp: String,
    state: String,
}

impl Known {
    fn enrolment(self) -> Result<Enrolment, EnrolError> {
        if self.state == AgentState::Revoked.as_str() {
            return Err(EnrolError::Refused(EnrolRefusal::KeyRevoked));
        }
        Ok(Enrolment { agent: agent_id("agents", &self.agent)?, group: self.grp, is_new: false })
    }
}

impl Store {
    /// Creates a token.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of this hash exists; where the database cannot be written.
    pub async fn create_token(&self, token: &EnrolmentToken, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO tokens \
                   (hash, label, grp, uses_left, expires_ms, created_by, created_ms, revoked) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (hash) DO NOTHING";
        let done = change!(self, pool => sqlx::query(sql)
            .bind(token.hash.to_vec())
            .bind(&token.label)
            .bind(&token.group)
            .bind(token.uses_left.map(i64::from))
            .bind(token.expires.as_millisecond())
            .bind(&token.created_by)
            .bind(now.as_millisecond())
            .execute(pool)
            .await?
            .rows_affected());
        if done == 0 { Err(StoreError::Exists("token")) } else { Ok(()) }
    }

    /// All tokens, the newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let sql = "SELECT * FROM tokens ORDER BY created_ms DESC, hash";
        let rows: Vec<Columns> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?;
        rows.into_iter().map(TokenRow::try_from).collect()
    }

    /// Revokes the token whose hash begins with these bytes; agents that enrolled with it stay. Returns the hash of the
    /// token revoked; `None` where no token, or more than one, begins so.
    ///
    /// # Errors
    /// Where the database cannot be read or written.
    pub async fn revoke_token(&self, prefix: &[u8]) -> Result<Option<[u8; 32]>, StoreError> {
        let tokens = self.tokens().await?;
        let mut meant = tokens.iter().map(|row| row.token.hash).filter(|hash| hash.starts_with(prefix));
        let (Some(hash), None) = (meant.next(), meant.next()) else { return Ok(None) };
        let sql = "UPDATE tokens SET revoked = 1 WHERE hash = $1";
        change!(self, pool => sqlx::query(sql).bind(hash.to_vec()).execute(pool).await.map(drop))?;
        Ok(Some(hash))
    }

    /// Gives an agent its identity, in one transaction. The same token and key get the same identity again, also when
    /// the token is spent, expired or revoked meanwhile; another good token and the same key get it too, and no use is
    /// spent.
    ///
    /// # Errors
    /// Where it is refused, or the database cannot be written.
    pub async fn enrol(
        &self,
        token_hash: [u8; 32],
        public_key: [u8; 32],
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Enrolment, EnrolError> {
        let mut tx = self.begin().await?;
        // The token's row is locked first, so that enrolments with one token go one after another.
        let token = self.lock_token(&mut tx, token_hash).await?;
        let known = known(&mut tx, public_key).await?;
        let is_the_same = known.as_ref().is_some_and(|known| known.token == token_hash);
        if !is_the_same {
            let token = token.as_ref().ok_or(EnrolError::Refused(EnrolRefusal::Wrong))?;
            token.check(now).map_err(EnrolError::Refused)?;
        }
        match (known, token) {
            (Some(known), _) => known.enrolment(),
            (None, Some(token)) => {
                let enrolment = insert(&mut tx, &token, public_key, claim, now).await?;
                tx.commit().await?;
                Ok(enrolment)
            }
            (None, None) => Err(EnrolError::Refused(EnrolRefusal::Wrong)),
        }
    }

    async fn lock_token(&self, tx: &mut Tx, hash: [u8; 32]) -> Result<Option<TokenRow>, StoreError> {
        let sql = match self.pools {
            Pools::Sqlite { .. } => "SELECT * FROM tokens WHERE hash = $1",
            Pools::Postgres(_) => "SELECT * FROM tokens WHERE hash = $1 FOR UPDATE",
        };
        let row: Option<Columns> =
            within!(tx, db => sqlx::query_as(sql).bind(hash.to_vec()).fetch_optional(db).await)?;
        row.map(TokenRow::try_from).transpose()
    }
}

async fn known(tx: &mut Tx, public_key: [u8; 32]) -> Result<Option<Known>, StoreError> {
    let sql = "SELECT agent, token, grp, state FROM agents WHERE public_key = $1";
    Ok(within!(tx, db => sqlx::query_as(sql).bind(public_key.to_vec()).fetch_optional(db).await)?)
}

async fn insert(
    tx: &mut Tx,
    token: &TokenRow,
    public_key: [u8; 32],
    claim: &Claim,
    now: Timestamp,
) -> Result<Enrolment, EnrolError> {
    let agent = AgentId(random()?);
    let token = &token.token;
    let revision = tx.revision().await?;
    let sql = "INSERT INTO agents (agent, public_key, token, machine, name, platform, version, grp, \
               labels, state, enrolled_ms, revision) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '{}', 'active', $9, $10) \
               ON CONFLICT (public_key) DO NOTHING";
    let done = within!(tx, db => sqlx::query(sql)
        .bind(agent.0.to_vec())
        .bind(public_key.to_vec())
        .bind(token.hash.to_vec())
        .bind(&claim.machine)
        .bind(&claim.name)
        .bind(&claim.platform)
        .bind(&claim.version)
        .bind(&token.group)
        .bind(now.as_millisecond())
        .bind(revision)
        .execute(db)
        .await?
        .rows_affected());
    if done == 0 {
        // The same key with another token, at the same moment: that one has it.
        let known = known(tx, public_key).await?;
        return known.ok_or_else(|| corrupt("agents", "a key of no agent"))?.enrolment();
    }
    let sql = "UPDATE tokens SET uses_left = uses_left - 1 WHERE hash = $1";
    within!(tx, db => sqlx::query(sql).bind(token.hash.to_vec()).execute(db).await.map(drop))?;
    Ok(Enrolment { agent, group: token.group.clone(), is_new: true })
}
