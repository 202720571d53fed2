use super::*;

#[test]
fn submit_should_hold_the_price_when_the_order_is_sound() {
    execute(|| {
        assert_ok!(Order::new().submit());
        assert_eq!(held(REQUESTER), PRICE);
        assert_eq!(Balances::free_balance(REQUESTER), ENDOWMENT - PRICE);
        assert_eq!(
            events(),
            vec![Event::JobSubmitted {
                job: 0,
                requester: REQUESTER,
                model: MODEL,
                units_at_most: UNITS,
                max_price: PRICE,
                deadline: 101,
            }]
        );
        let view = JobEscrow::view(0).unwrap();
        assert_eq!(view.stage, api::JobStage::Queued);
        assert_eq!((view.worker, view.ask, view.output), (None, None, None));
    });
}

#[test]
fn submit_should_number_jobs_one_after_the_other() {
    execute(|| {
        assert_ok!(Order::new().submit());
        assert_ok!(Order::new().submit());
        assert!(JobEscrow::view(0).is_some() && JobEscrow::view(1).is_some());
        assert_eq!(held(REQUESTER), 2 * PRICE);
    });
}

fn seeded(beta: u32, top_p: u32) -> Sampling {
    Sampling::Seeded(SamplingParameters {
        beta,
        top_k: 0,
        top_p,
        min_p: None,
    })
}

/// Every order that is refused, with the name of the refusal.
#[test]
fn submit_should_change_nothing_when_the_order_is_not_sound() {
    type Change = fn(&mut Order);
    let cases: Vec<(Change, Error<Test>)> = vec![
        (|order| order.model = H256::zero(), Error::UnknownModel),
        (|order| order.model = RETIRED, Error::UnknownModel),
        (
            |order| order.class = TrustClass::Statistical,
            Error::ClassMismatch,
        ),
        (|order| order.input.count = 0, Error::EmptyPrompt),
        (
            |order| order.parameters.max_output = 0,
            Error::NoOutputRequested,
        ),
        (|order| order.input.count = CONTEXT, Error::PromptTooLong),
        (|order| order.input.count = u32::MAX, Error::PromptTooLong),
        (
            |order| order.parameters.max_output = u32::MAX,
            Error::PromptTooLong,
        ),
        (
            |order| order.parameters.stop = BoundedVec::truncate_from(vec![3, VOCABULARY]),
            Error::StopTokenOutOfVocabulary,
        ),
        (
            |order| order.parameters.sampling = seeded(0, SamplingParameters::WHOLE),
            Error::InvalidSampling,
        ),
        (
            |order| {
                let beta = SamplingParameters::LARGEST_BETA + 1;
                order.parameters.sampling = seeded(beta, SamplingParameters::WHOLE);
            },
            Error::InvalidSampling,
        ),
        (
            |order| order.parameters.sampling = seeded(1, 0),
            Error::InvalidSampling,
        ),
        (
            |order| order.parameters.sampling = seeded(1, SamplingParameters::WHOLE + 1),
            Error::InvalidSampling,
        ),
        (
            |order| order.max_price = UNITS as Balance * FLOOR - 1,
            Error::PriceBelowFloor,
        ),
        (|order| order.max_price = 0, Error::PriceBelowFloor),
        (
            |order| order.max_price = ENDOWMENT + 1,
            Error::PriceExceedsBalance,
        ),
        (
            |order| order.max_price = Balance::MAX,
            Error::PriceExceedsBalance,
        ),
        (
            |order| order.requester = STRANGER,
            Error::PriceExceedsBalance,
        ),
        (
            |order| order.deadline = BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW,
            Error::DeadlineTooShort,
        ),
        (|order| order.deadline = 0, Error::DeadlineTooShort),
        (
            |order| order.deadline = 1 + MAX_DEADLINE + 1,
            Error::DeadlineTooFar,
        ),
        (|order| order.deadline = u64::MAX, Error::DeadlineTooFar),
        (
            |order| order.referrer = Some(REQUESTER),
            Error::ReferrerIsRequester,
        ),
    ];
    for (change, error) in cases {
        execute(|| {
            let mut order = Order::new();
            change(&mut order);
            assert_noop!(order.submit(), error);
        });
    }
}

#[test]
fn submit_should_accept_the_boundaries() {
    execute(|| {
        let mut order = Order::new();
        order.max_price = UNITS as Balance * FLOOR;
        order.deadline = 1 + BEACON_DELAY + CLAIM_WINDOW + RUN_WINDOW;
        assert_ok!(order.submit());
        let mut order = Order::new();
        order.input.count = CONTEXT - MAX_OUTPUT;
        order.max_price = Balance::from(CONTEXT) * FLOOR;
        order.deadline = 1 + MAX_DEADLINE;
        order.parameters.stop = BoundedVec::truncate_from(vec![VOCABULARY - 1]);
        order.parameters.sampling = seeded(1, 1);
        assert_ok!(order.submit());
        let mut order = Order::new();
        order.parameters.sampling = Sampling::Seeded(SamplingParameters {
            beta: SamplingParameters::LARGEST_BETA,
            top_k: u32::MAX,
            top_p: SamplingParameters::WHOLE,
            min_p: Some(u32::MAX),
        });
        assert_ok!(order.submit());
    });
}

#[test]
fn quote_should_be_what_submit_accepts() {
    execute(|| {
        let quote = JobEscrow::quote(MODEL, PROMPT, MAX_OUTPUT).unwrap();
        let mut order = Order::new();
        order.max_price = quote.least_price;
        order.deadline = System::block_number() + quote.least_deadline;
        assert_ok!(order.clone().submit());
        order.max_price -= 1;
        assert_noop!(order.clone().submit(), Error::<Test>::PriceBelowFloor);
        order.max_price += 1;
        order.deadline -= 1;
        assert_noop!(order.submit(), Error::<Test>::DeadlineTooShort);
        assert_eq!(JobEscrow::quote(RETIRED, PROMPT, MAX_OUTPUT), None);
        assert_eq!(JobEscrow::quote(MODEL, 0, MAX_OUTPUT), None);
        assert_eq!(JobEscrow::quote(MODEL, CONTEXT, 1), None);
    });
}
