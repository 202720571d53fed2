//! A checkpoint as a plain f64 model, to compare integers with.

use super::Checkpoint;

impl Checkpoint {
    fn tensor(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    /// x · Wᵀ + b; `name` is without `.weight` and `.bias`.
    fn product(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let bias = self.tensors.get(&format!("{name}.bias"));
        self.tensor(&format!("{name}.weight"))
            .chunks_exact(x.len())
            .enumerate()
            .map(|(channel, row)| {
                let sum: f64 = row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum();
                sum + bias.map_or(0.0, |(_, bias)| f64::from(bias[channel]))
            })
            .collect()
    }

    /// RMSNorm, or LayerNorm where there is a bias.
    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let count = x.len() as f64;
        let bias = self.tensors.get(&format!("{name}.bias"));
        let mean = bias.map_or(0.0, |_| x.iter().sum::<f64>() / count);
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let root = (variance + self.configuration.epsilon).sqrt();
        x.iter()
            .zip(self.tensor(&format!("{name}.weight")))
            .enumerate()
            .map(|(i, (x, &gain))| {
                let bias = bias.map_or(0.0, |(_, bias)| f64::from(bias[i]));
                (x - mean) / root * f64::from(gain) + bias
            })
            .collect()
    }

    /// Norm of each head, if the model has one.
    fn norm_heads(&self, name: &str, heads: &mut [f64]) {
        if self.configuration.decoder.head_norm {
            for head in heads.chunks_exact_mut(self.configuration.head_dimension as usize) {
                let normalised = self.norm(name, head);
                head.copy_from_slice(&normalised);
            }
        }
    }

    fn activation(&self, x: f64) -> f64 {
        if self.configuration.decoder.gelu {
            x * normal_distribution(x)
        } else {
            x / (1.0 + (-x).exp())
        }
    }

    /// First key that the query at `position` sees.
    fn first_key(&self, layer: u32, position: usize) -> usize {
        let decoder = &self.configuration.decoder;
        let all = decoder.windowed_layers.is_empty();
        let windowed = decoder.window > 0 && (all || decoder.windowed_layers.contains(&layer));
        match windowed {
            true => (position + 1).saturating_sub(decoder.window as usize),
            false => 0,
        }
    }

    fn rotate(&self, heads: &mut [f64], position: usize) {
        let width = self.configuration.head_dimension as usize;
        let half = width / 2;
        for head in heads.chunks_exact_mut(width) {
            for i in 0..half {
                let frequency = self.configuration.rope_base.powf(-(i as f64) / half as f64);
                let (sine, cosine) = (position as f64 * frequency).sin_cos();
                let (x, y) = (head[i], head[i + half]);
                head[i] = x * cosine - y * sine;
                head[i + half] = x * sine + y * cosine;
            }
        }
    }

    /// Logits `[tokens][vocabulary]` of the float model, with no trick at all.
    pub fn float_logits(&self, tokens: &[u32]) -> Vec<Vec<f64>> {
        let c = &self.configuration;
        let (d, width) = (c.model_dimension as usize, c.head_dimension as usize);
        let (heads, groups) = (c.heads as usize, c.key_value_heads as usize);
        let embedding = self.tensor("embedding.weight");
        let mut hidden: Vec<Vec<f64>> = tokens
            .iter()
            .map(|&t| {
                embedding[t as usize * d..][..d]
                    .iter()
                    .map(|&x| x.into())
                    .collect()
            })
            .collect();
        for layer in 0..c.layers {
            let name = |part: &str| format!("layers.{layer}.{part}");
            let (mut keys, mut values) = (vec![], vec![]);
            for (position, row) in hidden.iter_mut().enumerate() {
                let x = self.norm(&name("attention_norm"), row);
                let mut query = self.product(&name("attention.query"), &x);
                let mut key = self.product(&name("attention.key"), &x);
                self.norm_heads(&name("attention.query_norm"), &mut query);
                self.norm_heads(&name("attention.key_norm"), &mut key);
                self.rotate(&mut query, position);
                self.rotate(&mut key, position);
                keys.push(key);
                values.push(self.product(&name("attention.value"), &x));
                let first = self.first_key(layer, position);
                let mut attended = vec![0.0; heads * width];
                for head in 0..heads {
                    let group = head * groups / heads * width;
                    let q = &query[head * width..][..width];
                    let scores: Vec<f64> = keys[first..]
                        .iter()
                        .map(|key| {
                            let product: f64 =
                                q.iter().zip(&key[group..]).map(|(q, k)| q * k).sum();
                            product / (width as f64).sqrt()
                        })
                        .collect();
                    let largest = scores.iter().fold(f64::MIN, |largest, &x| largest.max(x));
                    let weights: Vec<f64> = scores.iter().map(|x| (x - largest).exp()).collect();
                    let total: f64 = weights.iter().sum();
                    for (weight, value) in weights.iter().zip(&values[first..]) {
                        for i in 0..width {
                            attended[head * width + i] += weight / total * value[group + i];
                        }
                    }
                }
                let update = self.product(&name("attention.output"), &attended);
                row.iter_mut()
                    .zip(update)
                    .for_each(|(x, update)| *x += update);

                let x = self.norm(&name("feed_forward_norm"), row);
                let up = self.product(&name("feed_forward.up"), &x);
                let inner: Vec<f64> = if c.decoder.ungated {
                    up.iter().map(|&up| self.activation(up)).collect()
                } else {
                    let gate = self.product(&name("feed_forward.gate"), &x);
                    let pairs = gate.iter().zip(up);
                    pairs
                        .map(|(&gate, up)| self.activation(gate) * up)
                        .collect()
                };
                let update = self.product(&name("feed_forward.down"), &inner);
                row.iter_mut()
                    .zip(update)
                    .for_each(|(x, update)| *x += update);
            }
        }
        let output = match c.decoder.tied_embedding {
            true => "embedding",
            false => "output",
        };
        hidden
            .iter()
            .map(|row| self.product(output, &self.norm("final_norm", row)))
            .collect()
    }
}

/// Φ(x) by Simpson's rule on the density, from 0.
fn normal_distribution(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let h = x.clamp(-9.0, 9.0) / 200.0;
    let sum: f64 = (0..200)
        .map(|i| {
            let t = f64::from(i) * h;
            density(t) + 4.0 * density(t + h / 2.0) + density(t + h)
        })
        .sum();
    0.5 + sum * h / 6.0
}
