//! Jobs of models that make pictures.

use super::*;

fn picture_order() -> Order {
    Order {
        model: PICTURES,
        parameters: JobParameters {
            max_output: PICTURE_LENGTH,
            seed: 7,
            ..Default::default()
        },
        ..Order::new()
    }
}

fn submit_public(max_output: u32) -> Result<JobId, sp_runtime::DispatchError> {
    <JobEscrow as PublicJobs<AccountId>>::submit(PublicJob {
        requester: LANE,
        model: PICTURES,
        input: tokens(PROMPT),
        max_output,
        max_price: PRICE,
    })
}

#[test]
fn submit_should_name_what_a_picture_cannot_have() {
    type Change = fn(&mut Order);
    let cases: Vec<(Change, Error<Test>)> = vec![
        (
            |order| order.parameters.max_output = PICTURE_LENGTH - 1,
            Error::WrongPictureLength,
        ),
        (
            |order| order.parameters.max_output = PICTURE_LENGTH + 1,
            Error::WrongPictureLength,
        ),
        (
            |order| order.parameters.max_output = u32::MAX,
            Error::WrongPictureLength,
        ),
        (
            |order| order.parameters.max_output = 0,
            Error::NoOutputRequested,
        ),
        (
            |order| order.parameters.stop = BoundedVec::truncate_from(vec![3]),
            Error::PictureWithStopTokens,
        ),
        (
            |order| {
                order.parameters.sampling = Sampling::Seeded(SamplingParameters {
                    beta: 1 << 16,
                    top_k: 0,
                    top_p: SamplingParameters::WHOLE,
                    min_p: None,
                });
            },
            Error::PictureWithSampling,
        ),
        (|order| order.input.count = 0, Error::EmptyPrompt),
        (|order| order.input.count = CONTEXT, Error::PromptTooLong),
    ];
    for (change, error) in cases {
        execute(|| {
            let mut order = picture_order();
            change(&mut order);
            assert_noop!(order.submit(), error);
        });
    }
}

#[test]
fn result_should_be_taken_only_when_it_is_the_whole_picture() {
    execute(|| {
        assert_ok!(picture_order().submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY);
        assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), 0));
        let submit = |count| {
            let (digest, worker) = (H256::repeat_byte(9), RuntimeOrigin::signed(WORKER));
            JobEscrow::submit_result(worker, 0, tokens(count), digest, None)
        };
        for (count, error) in [
            (0, Error::<Test>::EmptyOutput),
            (PICTURE_LENGTH - 1, Error::PictureIncomplete),
            (PICTURE_LENGTH + 1, Error::OutputTooLong),
        ] {
            assert_noop!(submit(count), error);
        }
        assert_ok!(submit(PICTURE_LENGTH));
        let units = u64::from(PROMPT + PICTURE_LENGTH);
        let fee = Balance::from(units) * ASK;
        assert!(events().iter().any(|event| matches!(
            event,
            Event::ResultSubmitted { units: found, fee: of, .. } if (*found, *of) == (units, fee)
        )));
        // Whoever disputes the result reads the seed there.
        let result = <JobEscrow as DeliveredResults<AccountId>>::delivered(0).unwrap();
        assert_eq!(result.parameters, picture_order().parameters);
    });
}

#[test]
fn public_job_should_ask_for_the_whole_picture() {
    execute(|| {
        assert_noop!(
            submit_public(PICTURE_LENGTH - 1),
            Error::<Test>::WrongPictureLength
        );
        let job = submit_public(PICTURE_LENGTH).unwrap();
        let view = JobEscrow::view(job).unwrap();
        assert_eq!(view.parameters.max_output, PICTURE_LENGTH);
        assert_eq!(view.parameters.sampling, Sampling::Greedy);
        let least =
            |output| <JobEscrow as PublicJobs<AccountId>>::least_price(&PICTURES, PROMPT, output);
        let units = Balance::from(PROMPT + PICTURE_LENGTH);
        assert_eq!(least(PICTURE_LENGTH), Some(units * FLOOR));
        assert_eq!(least(PICTURE_LENGTH - 1), None);
    });
}
