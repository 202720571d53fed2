//! What this node has seen finalised, for the blocks that it makes.

use pallet_finality::{Height, INHERENT_IDENTIFIER};
use sp_inherents::{Error, InherentData, InherentDataProvider, InherentIdentifier};

/// The height that a node has seen finalised, as an inherent of `pallet-finality`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalityReport(pub Height);

#[async_trait::async_trait]
impl InherentDataProvider for FinalityReport {
    async fn provide_inherent_data(&self, data: &mut InherentData) -> Result<(), Error> {
        data.put_data(INHERENT_IDENTIFIER, &self.0)
    }

    async fn try_handle_error(
        &self,
        identifier: &InherentIdentifier,
        _: &[u8],
    ) -> Option<Result<(), Error>> {
        // The pallet's check has no errors: what is wrong with a report makes its block invalid.
        (*identifier == INHERENT_IDENTIFIER)
            .then(|| Err(Error::Application("no such error of a report".into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn report_should_be_the_data_that_the_pallet_reads() {
        let mut data = InherentData::new();
        block_on(FinalityReport(7).provide_inherent_data(&mut data)).unwrap();
        let read = data.get_data::<Height>(&INHERENT_IDENTIFIER).unwrap();
        assert_eq!(read, Some(7));
    }
}
